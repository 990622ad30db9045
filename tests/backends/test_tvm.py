from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

pytest.importorskip("tvm")

from dlscope.backends.tvm import TvmBackend
from dlscope.backends.tvm_compiler import TARGET
from dlscope.core.errors import BackendError, LoadError, OutOfMemory
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, embedding, widening

CONVERTED = "converted/tvm-*"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without anything that an earlier version has compiled."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _rows(array: Any, path: Path) -> Path:
    """A model that gathers from `array` by the int64 x[N, 6]."""
    model = ModelBuilder()
    model.add("Gather", model.constant(array), "x", output="y")
    spec = ["N", 6, *array.shape[1:]]
    return model.save(path, {"x": (np.int64, ["N", 6])}, {"y": (array.dtype.type, spec)})


def test_compiles_a_model_once(tmp_path: Path, cache: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    TvmBackend().convert(path)
    (folder,) = cache.glob(CONVERTED)
    assert sorted(part.name for part in folder.iterdir()) == ["model.so", "signature.json"]
    before = (folder / "model.so").stat().st_mtime_ns
    TvmBackend().open(path, {"threads": 2}).close()
    assert [each.name for each in cache.glob(CONVERTED)] == [folder.name]
    assert (folder / "model.so").stat().st_mtime_ns == before


def test_reports_precision_threads_and_that_nothing_was_tuned(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    with TvmBackend().open(path) as predictor:
        assert predictor.report() == {
            "precision": "float32",
            "device": "cpu",
            "threads": 1,
            "target": TARGET,
            "tuning": "none",
        }


def test_reports_no_more_threads_than_there_are(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    show = (
        "import os; os.environ['TVM_NUM_THREADS'] = '2'; from pathlib import Path;"
        "from dlscope.backends.tvm import TvmBackend;"
        f"print(TvmBackend().open(Path({str(path)!r}), {{'threads': 64}}).report()['threads'])"
    )
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_every_axis_of_a_picture_may_be_free(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Conv", "x", model.weight(4, 3, 3, 3, fan_in=27), pads=[1, 1, 1, 1], output="y")
    image = (np.float32, ["N", 3, "H", "W"])
    path = model.save(tmp_path / "m.onnx", {"x": image}, {"y": (np.float32, ["N", 4, "H", "W"])})
    with TvmBackend().open(path) as predictor:
        for batch, height, width in ((1, 8, 9), (2, 12, 5)):
            made = predictor.predict({"x": np.ones((batch, 3, height, width), np.float32)})["y"]
            assert made.shape == (batch, 4, height, width)


@pytest.mark.parametrize("index", [99, -21])
def test_a_token_outside_the_table_is_not_a_number(tmp_path: Path, index: int) -> None:
    with TvmBackend().open(embedding(tmp_path / "model.onnx")) as predictor:
        rows = predictor.predict({"x": np.array([[0, 1, 2, -1, -20, index]])})["y"][0]
    assert np.isnan(rows[-1]).all()
    assert not np.isnan(rows[:-1]).any()
    np.testing.assert_array_equal(rows[4], rows[0])


def test_an_index_outside_whole_numbers_is_the_nearest_within(tmp_path: Path) -> None:
    with TvmBackend().open(_rows(np.arange(20), tmp_path / "model.onnx")) as predictor:
        rows = predictor.predict({"x": np.array([[0, 7, -1, 19, 99, 20]])})["y"]
    assert rows.tolist() == [[0, 7, 19, 19, 19, 19]]


def test_two_inputs_that_share_an_axis_must_agree_on_it(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Add", "a", "b", output="y")
    spec = (np.float32, ["N", 3])
    path = model.save(tmp_path / "m.onnx", {"a": spec, "b": spec}, {"y": spec})
    feeds = {"a": np.ones((2, 3), np.float32), "b": np.ones((5, 3), np.float32)}
    with (
        TvmBackend().open(path) as predictor,
        pytest.raises(BackendError, match=r"the framework failed to predict: .*\(5 vs\. 2\)"),
    ):
        predictor.predict(feeds)


def test_a_prediction_without_room_is_out_of_memory_and_the_next_works(tmp_path: Path) -> None:
    with TvmBackend().open(widening(tmp_path / "wide.onnx")) as predictor:
        with pytest.raises(OutOfMemory) as refusal:
            predictor.predict({"x": np.ones((50_000_000, 1), np.float32)})
        assert str(refusal.value) == (
            "OutOfMemory: out of memory: std::bad_alloc\n"
            "  where  TvmPredictor\n"
            "  fix    try a smaller batch, or free memory"
        )
        assert predictor.predict({"x": np.ones((2, 1), np.float32)})["y"].tolist() == [[1], [1]]


def test_refuses_an_operator_that_it_does_not_know(tmp_path: Path, cache: Path) -> None:
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N"])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N"])
    node = helper.make_node("Mystery", ["x"], ["y"], domain="com.example")
    graph = helper.make_graph([node], "odd", [fed], [made])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    path = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    with pytest.raises(LoadError) as refusal:
        TvmBackend().convert(path)
    assert str(refusal.value) == (
        "LoadError: tvm cannot convert the model: "
        "The following operators are not supported for frontend ONNX: Mystery\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )
    assert list((cache / "converted").iterdir()) == []


def test_says_when_there_is_no_c_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoadError) as refusal:
        TvmBackend().open(path)
    assert str(refusal.value) == (
        "LoadError: TVM links what it compiles with a C compiler, and there is none on the path\n"
        f"  where  {path}\n"
        "  fix    install one, such as g++ or clang, or choose another backend"
    )


def test_says_nothing_while_it_compiles(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "odd.name", output="y")
    spec = (np.float32, ["N", 3])
    path = model.save(tmp_path / "m.onnx", {"odd.name": spec}, {"y": spec})
    show = (
        "from pathlib import Path; from dlscope.backends.tvm import TvmBackend;"
        f"TvmBackend().convert(Path({str(path)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
