from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.stacks import ceilings as module
from dlscope.stacks.ceilings import MeasuredCeilings, ceilings
from dlscope.stacks.machine_rates import Measurement


def test_ceilings_are_rates_of_so_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def rates(measurement: Measurement) -> dict[str, float]:
        return {"flops_per_s": 1e9 * measurement.threads, "bytes_per_s": 1e8}

    monkeypatch.setattr(module, "machine_rates", rates)
    found = ceilings(2)
    assert (found.flops_per_s, found.bytes_per_s) == (2e9, 1e8)
    assert found.source.startswith("measured with NumPy ")
    assert found.source.endswith(", 2 threads")


@pytest.mark.slow
def test_this_machine_has_ceilings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))
    found = ceilings(1)
    assert 1e8 < found.flops_per_s < 1e16
    assert 1e8 < found.bytes_per_s < 1e14
    assert ceilings(1) == MeasuredCeilings(found.flops_per_s, found.bytes_per_s, found.source)
