from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks import ceilings as module
from dlscope.stacks.ceilings import MeasuredCeilings, ceilings

KNOWN = {"flops_per_s": 4e12, "bytes_per_s": 4e11, "source": "by hand"}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of the cache."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))
    return tmp_path / "ceilings"


def test_what_was_measured_is_kept_by_number_of_threads(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def measured(threads: int) -> MeasuredCeilings:
        asked.append(threads)
        return MeasuredCeilings(1e9 * threads, 1e8, f"{threads} threads")

    monkeypatch.setattr(module, "_measured", measured)
    found = [ceilings(threads) for threads in (1, 2, 1)]
    assert asked == [1, 2]
    assert found[0] == found[2] == MeasuredCeilings(1e9, 1e8, "1 threads")
    assert found[1].flops_per_s == 2e9
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"flops_per_s": 1}', '{"other": 1}'])
def test_a_damaged_file_is_measured_anew(
    kept: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    told = MeasuredCeilings(1.0, 2.0, "measured")
    monkeypatch.setattr(module, "_measured", lambda _: told)
    ceilings(1)
    (file,) = kept.iterdir()
    file.write_text(text, encoding="utf-8")
    assert ceilings(1) == told
    assert json.loads(file.read_text(encoding="utf-8"))["source"] == "measured"


def test_a_kept_file_is_believed(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_measured", lambda _: MeasuredCeilings(1.0, 2.0, ""))
    ceilings(3)
    (file,) = kept.iterdir()
    file.write_text(json.dumps(KNOWN), encoding="utf-8")
    assert ceilings(3) == MeasuredCeilings(**KNOWN)


def test_a_machine_that_cannot_be_measured_is_told(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # NumPy cannot make an array of so many bytes.
    monkeypatch.setattr(module, "_copied_bytes", lambda: 1 << 62)
    with pytest.raises(MeasurementError) as caught:
        ceilings(1)
    assert caught.value.what.startswith("the ceilings of the machine cannot be measured: ")
    assert "Error" in caught.value.what
    assert (caught.value.where, caught.value.fix) == (
        "ceilings",
        "free memory, or leave the roofline out",
    )
    assert list(kept.iterdir()) == []


@pytest.mark.slow
def test_this_machine_has_ceilings(kept: Path) -> None:
    found = ceilings(1)
    assert 1e8 < found.flops_per_s < 1e16
    assert 1e8 < found.bytes_per_s < 1e14
    assert found.source.startswith("measured with NumPy ")
    assert found.source.endswith(", 1 thread")
    assert ceilings(1) == found
