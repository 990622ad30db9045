from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("executorch")

from dlscope.backends.executorch import ExecuTorchBackend
from dlscope.core.errors import BackendError, UnsupportedOp
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, embedding

CONVERTED = "converted/executorch-*"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without anything that an earlier version has lowered."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _dense(folder: Path) -> Path:
    return SMALL_MODELS["dense"].build(folder / "model.onnx")


def test_lowers_a_model_once(tmp_path: Path, cache: Path) -> None:
    ExecuTorchBackend().convert(_dense(tmp_path))
    (folder,) = cache.glob(CONVERTED)
    parts = ["lowering.json", "model.pte", "signature.json"]
    assert sorted(part.name for part in folder.iterdir()) == parts
    before = (folder / "model.pte").stat().st_mtime_ns
    ExecuTorchBackend().open(tmp_path / "model.onnx", {"threads": 2}).close()
    assert [each.name for each in cache.glob(CONVERTED)] == [folder.name]
    assert (folder / "model.pte").stat().st_mtime_ns == before


def test_reports_precision_and_what_xnnpack_took_over(tmp_path: Path) -> None:
    with ExecuTorchBackend().open(_dense(tmp_path)) as predictor:
        report = dict(predictor.report())
    assert int(report.pop("threads")) >= 1
    assert report == {
        "precision": "float32",
        "device": "cpu",
        "delegate": "xnnpack",
        "delegated_parts": 1,
        "other_operators": 0,
        "largest_batch": 64,
    }


def test_the_first_model_sets_the_threads_and_it_says_nothing(tmp_path: Path) -> None:
    show = (
        "from pathlib import Path; from dlscope.backends.executorch import ExecuTorchBackend;"
        f"path = Path({str(_dense(tmp_path))!r});"
        "one, two = (ExecuTorchBackend().open(path, {'threads': n}) for n in (2, 1));"
        "print(one.report()['threads'], two.report()['threads'])"
    )
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2 2\n", "")


def test_memory_for_batches_is_taken_when_the_first_one_comes(tmp_path: Path) -> None:
    small = SMALL_MODELS["dense"]
    with ExecuTorchBackend().open(_dense(tmp_path)) as predictor:
        for batch, loaded in ((1, ["one"]), (64, ["one", "many"]), (1, ["one", "many"])):
            assert predictor.predict({"x": small.feed(batch)})["y"].shape == (batch, 10)
            assert list(predictor._methods) == loaded


def test_a_batch_beyond_the_memory_is_refused_and_the_next_works(tmp_path: Path) -> None:
    small = SMALL_MODELS["dense"]
    with ExecuTorchBackend().open(_dense(tmp_path)) as predictor:
        with pytest.raises(BackendError) as refusal:
            predictor.predict({"x": small.feed(65)})
        assert str(refusal.value) == (
            "BackendError: the program has memory for batches of up to 64, got 65\n"
            "  where  ExecuTorchPredictor\n"
            "  fix    feed a smaller batch, or choose another backend"
        )
        assert predictor.predict({"x": small.feed(1)})["y"].shape == (1, 10)


def test_an_empty_batch_does_not_end_the_process(tmp_path: Path) -> None:
    with (
        ExecuTorchBackend().open(_dense(tmp_path)) as predictor,
        pytest.raises(BackendError) as refusal,
    ):
        predictor.predict({"x": np.zeros((0, 3, 4, 4), np.float32)})
    assert str(refusal.value) == (
        "BackendError: ExecuTorch takes no tensor without elements\n"
        "  where  ExecuTorchPredictor\n"
        "  fix    feed at least one item, or choose another backend"
    )


def test_a_model_of_fixed_shapes_has_one_entry(tmp_path: Path, cache: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "x", output="y")
    spec = (np.float32, [3, 2])
    path = model.save(tmp_path / "model.onnx", {"x": spec}, {"y": spec})
    with ExecuTorchBackend().open(path) as predictor:
        assert predictor.report()["largest_batch"] == 1
        output = predictor.predict({"x": np.full((3, 2), -1, np.float32)})["y"]
    np.testing.assert_array_equal(output, np.zeros((3, 2)))
    (folder,) = cache.glob(CONVERTED)
    assert json.loads((folder / "lowering.json").read_text())["entries"] == {"one": 1}


@pytest.mark.parametrize("index", [99, -21])
def test_a_token_outside_the_table_is_an_error_and_the_next_works(
    tmp_path: Path, index: int
) -> None:
    with ExecuTorchBackend().open(embedding(tmp_path / "model.onnx")) as predictor:
        with pytest.raises(BackendError, match="the framework failed to predict: method->execute"):
            predictor.predict({"x": np.full((1, 6), index)})
        rows = predictor.predict({"x": np.array([[0, -20, 19, -1, 3, 3]])})["y"][0]
    np.testing.assert_array_equal(rows[0::2], rows[1::2])


def test_refuses_free_sizes_other_than_the_batch(tmp_path: Path, cache: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "x", output="y")
    image = (np.float32, ["N", 3, "H", "W"])
    path = model.save(tmp_path / "m.onnx", {"x": image}, {"y": image})
    with pytest.raises(UnsupportedOp) as refusal:
        ExecuTorchBackend().convert(path)
    assert str(refusal.value) == (
        "UnsupportedOp: ExecuTorch needs every size but the batch; "
        "input 'x' is float32[?, 3, ?, ?]\n"
        f"  where  {path}\n"
        "  fix    give its axes sizes in the manifest, or choose another backend"
    )
    assert list((cache / "converted").iterdir()) == []
