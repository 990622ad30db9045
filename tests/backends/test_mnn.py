from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("MNN")

from dlscope.backends.mnn import MnnBackend
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.core.errors import BackendError, LoadError
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder


def test_reports_what_it_computes_with(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "dense.onnx")
    with MnnBackend().open(path, {"threads": 2}) as predictor:
        assert predictor.report() == {"precision": "float32", "device": "cpu", "threads": 2}


def test_pools_without_written_strides(tmp_path: Path) -> None:
    """Left out they are 1; MNN would take them for 0 and divide by it, which ends the process."""
    model = ModelBuilder()
    model.add("AveragePool", "x", kernel_shape=[3, 3], output="y")
    path = model.save(
        tmp_path / "pool.onnx",
        {"x": (np.float32, ["N", 2, 5, 5])},
        {"y": (np.float32, ["N", 2, 3, 3])},
    )
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 5), dtype=np.float32)
    with MnnBackend().open(path) as mnn, OnnxRuntimeBackend().open(path) as other:
        np.testing.assert_allclose(
            mnn.predict({"x": x})["y"], other.predict({"x": x})["y"], rtol=1e-5
        )


def test_the_original_is_left_as_it_is(tmp_path: Path) -> None:
    path = SMALL_MODELS["pooling"].build(tmp_path / "pooling.onnx")
    before = path.read_bytes()
    MnnBackend().convert(path)
    assert path.read_bytes() == before


def test_refuses_numbers_that_it_cannot_hold(tmp_path: Path) -> None:
    path = SMALL_MODELS["embedding"].build(tmp_path / "embedding.onnx")
    with MnnBackend().open(path) as predictor:
        predictor.predict({"x": np.zeros((1, 6), np.int64)})
        with pytest.raises(BackendError) as caught:
            predictor.predict({"x": np.full((1, 6), 2**31, np.int64)})
    assert caught.value.describe() == (
        "BackendError: input 'x' has a number beyond int32, in which MNN holds int64\n"
        "  where  MNN\n"
        "  fix    feed smaller numbers, or choose another backend"
    )


def test_refuses_a_type_that_it_does_not_have(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Neg", "x", output="y")
    tensor = (np.float64, ["N", 2])
    path = model.save(tmp_path / "double.onnx", {"x": tensor}, {"y": tensor})
    with pytest.raises(LoadError) as caught:
        MnnBackend().open(path)
    assert caught.value.what == "MNN takes no tensor of float64, as 'x' is"


def test_what_its_converter_says_last_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlscope.backends.mnn._CONVERTER", "print('first'); print('no such thing')")
    # A graph of its own: one that was converted before would be taken from the cache.
    model = ModelBuilder()
    model.add("Neg", "x", output="y")
    tensor = (np.float32, ["N", 7919])
    path = model.save(tmp_path / "negative.onnx", {"x": tensor}, {"y": tensor})
    with pytest.raises(LoadError) as caught:
        MnnBackend().open(path)
    assert caught.value.describe() == (
        "LoadError: mnn cannot convert the model: no such thing\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )


def test_the_package_that_installs_another_is_never_imported(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "dense.onnx")
    program = (
        "import sys, pathlib\n"
        "from dlscope.backends.mnn import MnnBackend\n"
        "MnnBackend().open(pathlib.Path(sys.argv[1])).close()\n"
        "raise SystemExit('MNN.tools' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 0
