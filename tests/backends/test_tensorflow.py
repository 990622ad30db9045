from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from real_networks import TOLERANCE, RealNetworks

from dlscope.backends.tensorflow import TensorFlowBackend
from dlscope.core.errors import BackendError, OutOfMemory, UnsupportedOp
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, embedding, widening

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


class TestRealNetworks(RealNetworks):
    backend = "tensorflow"

    def test_a_transcriber_of_music_is_the_same(self) -> None:
        part = "basic_pitch/saved_models/icassp_2022/nmp.onnx"
        path = Path(str(distribution("basic-pitch").locate_file(part)))
        seconds = np.arange(43844) / 22050
        sound = np.sin(2 * np.pi * 440 * seconds).astype(np.float32).reshape(1, -1, 1)
        assert max(self.differences(path, {"serving_default_input_2:0": sound})) <= TOLERANCE


def test_traces_each_shape_once_and_reports_it(tmp_path: Path) -> None:
    small = SMALL_MODELS["dense"]
    with TensorFlowBackend().open(small.build(tmp_path / "model.onnx")) as predictor:
        assert predictor.report()["traced_shapes"] == 0
        for batch, shapes in ((1, 1), (3, 2), (1, 2)):
            predictor.predict({"x": small.feed(batch)})
            assert predictor.report()["traced_shapes"] == shapes
        report = predictor.report()
    assert (report["precision"], report["device"]) == ("float32", "cpu")
    assert float(report["trace_ms"]) > 0
    assert int(report["threads"]) >= 1


def test_a_model_of_fixed_shapes_is_traced_when_it_is_opened(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "x", output="y")
    spec = (np.float32, [2, 3])
    path = model.save(tmp_path / "model.onnx", {"x": spec}, {"y": spec})
    with TensorFlowBackend().open(path) as predictor:
        assert predictor.report()["traced_shapes"] == 1
        predictor.predict({"x": np.ones((2, 3), np.float32)})
        assert predictor.report()["traced_shapes"] == 1


@pytest.mark.parametrize(("chosen", "kept"), [(None, "3"), ("0", "0")])
def test_the_first_model_sets_the_threads_and_logs_are_off_unless_wanted(
    tmp_path: Path, chosen: str | None, kept: str
) -> None:
    path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
    show = (
        "import os, sys, numpy as np; from pathlib import Path;"
        "from dlscope.backends.tensorflow import TensorFlowBackend;"
        f"path = Path({str(path)!r});"
        "one, two = (TensorFlowBackend().open(path, {'threads': n}) for n in (2, 1));"
        "one.predict({'x': np.ones((1, 3, 12, 12), np.float32)});"
        "print(*(each.report()['threads'] for each in (one, two)), os.environ[sys.argv[1]])"
    )
    names = {LOG_LEVEL: chosen} if chosen else {}
    others = {key: value for key, value in os.environ.items() if key != LOG_LEVEL}
    done = subprocess.run(
        [sys.executable, "-c", show, LOG_LEVEL],
        capture_output=True,
        text=True,
        check=True,
        env={**others, **names},
    )
    assert done.stdout == f"2 2 {kept}\n"
    assert chosen or done.stderr == ""


def test_a_prediction_without_room_is_out_of_memory_and_the_next_works(tmp_path: Path) -> None:
    with TensorFlowBackend().open(widening(tmp_path / "wide.onnx")) as predictor:
        with pytest.raises(OutOfMemory, match=r"^OutOfMemory: out of memory: ") as refusal:
            predictor.predict({"x": np.ones((50_000_000, 1), np.float32)})
        assert refusal.value.fix == "try a smaller batch, or free memory"
        assert predictor.predict({"x": np.ones((2, 1), np.float32)})["y"].tolist() == [[1], [1]]


@pytest.mark.parametrize("index", [99, -21])
def test_a_token_outside_the_table_is_an_error_and_the_next_works(
    tmp_path: Path, index: int
) -> None:
    with TensorFlowBackend().open(embedding(tmp_path / "model.onnx")) as predictor:
        with pytest.raises(BackendError, match="is not in \\[0, 20\\)"):
            predictor.predict({"x": np.full((1, 6), index)})
        rows = predictor.predict({"x": np.array([[0, -20, 19, -1, 3, 3]])})["y"][0]
    np.testing.assert_array_equal(rows[0::2], rows[1::2])


def test_refuses_a_shape_that_depends_on_the_data_when_it_is_opened(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("ConstantOfShape", "x", output="y")
    shapes = {"x": (np.int64, [2])}, {"y": (np.float32, ["A", "B"])}
    path = model.save(tmp_path / "model.onnx", *shapes)
    with pytest.raises(UnsupportedOp) as refusal:
        TensorFlowBackend().open(path)
    assert str(refusal.value) == (
        "UnsupportedOp: no TensorFlow rule for data-dependent shapes "
        "of ConstantOfShape node 'y'\n"
        f"  where  {path}\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )
