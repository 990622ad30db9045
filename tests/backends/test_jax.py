from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

pytest.importorskip("jax")

import jax
from real_networks import RealNetworks

from dlscope.backends.jax import JaxBackend
from dlscope.core.errors import BackendError, LoadError, OutOfMemory, UnsupportedOp
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, embedding

SHARE = "XLA_PYTHON_CLIENT_PREALLOCATE"


class TestRealNetworks(RealNetworks):
    backend = "jax"


def test_the_settings_of_the_caller_stay_as_they_are(tmp_path: Path) -> None:
    before = (jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision)
    with JaxBackend().open(embedding(tmp_path / "model.onnx")) as predictor:
        predictor.predict({"x": np.zeros((1, 6), np.int64)})
        assert (jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision) == before


def test_compiles_each_shape_once_and_reports_it(tmp_path: Path) -> None:
    small = SMALL_MODELS["dense"]
    with JaxBackend().open(small.build(tmp_path / "model.onnx")) as predictor:
        assert predictor.report()["compiled_shapes"] == 0
        for batch, shapes in ((1, 1), (3, 2), (1, 2)):
            predictor.predict({"x": small.feed(batch)})
            assert predictor.report()["compiled_shapes"] == shapes
        report = predictor.report()
    assert (report["precision"], report["device"]) == ("float32", "cpu")
    assert report["matmul_precision"] == "highest"
    assert float(report["compile_ms"]) > 0
    assert int(report["threads"]) >= 1


def test_a_model_of_fixed_shapes_is_compiled_when_it_is_opened(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "x", output="y")
    spec = (np.float32, [2, 3])
    path = model.save(tmp_path / "model.onnx", {"x": spec}, {"y": spec})
    with JaxBackend().open(path) as predictor:
        assert predictor.report()["compiled_shapes"] == 1
        predictor.predict({"x": np.ones((2, 3), np.float32)})
        assert predictor.report()["compiled_shapes"] == 1


def test_a_prediction_without_room_is_out_of_memory_and_the_next_works(tmp_path: Path) -> None:
    # The rows are handed out: what lies in between, XLA would compute piece by piece, for hours.
    model = ModelBuilder()
    model.add("MatMul", "x", model.constant(np.ones((1, 65536), np.float32)), output="y")
    wide = {"y": (np.float32, ["N", 65536])}
    path = model.save(tmp_path / "wide.onnx", {"x": (np.float32, ["N", 1])}, wide)
    with JaxBackend().open(path) as predictor:
        with pytest.raises(OutOfMemory, match=r"^OutOfMemory: out of memory: ") as refusal:
            predictor.predict({"x": np.ones((50_000_000, 1), np.float32)})
        assert refusal.value.fix == "try a smaller batch, or free memory"
        assert predictor.predict({"x": np.ones((2, 1), np.float32)})["y"].sum() == 2 * 65536


def test_a_token_outside_the_table_fails_with_a_stated_error(tmp_path: Path) -> None:
    with (
        JaxBackend().open(embedding(tmp_path / "model.onnx")) as predictor,
        pytest.raises(BackendError) as refusal,
    ):
        predictor.predict({"x": np.full((1, 6), 99)})
    assert refusal.value.what == (
        "the framework failed to predict: an index is out of bounds for axis 0 with size 20 "
        "(`check` failed)"
    )


def test_refuses_operators_it_has_no_rule_for(tmp_path: Path) -> None:
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N"])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.INT64, [1, "K"])
    graph = helper.make_graph([helper.make_node("NonZero", ["x"], ["y"])], "odd", [fed], [made])
    opsets = [helper.make_opsetid("", 17)]
    path = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    with pytest.raises(UnsupportedOp) as refusal:
        JaxBackend().open(path)
    assert str(refusal.value) == (
        "UnsupportedOp: no JAX rule for 1 operator: NonZero (1 node)\n"
        f"  where  {path}\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )


@pytest.mark.skipif(
    any(device.platform == "gpu" for device in jax.devices()), reason="there is a GPU"
)
def test_refuses_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    with pytest.raises(LoadError) as refusal:
        JaxBackend().open(path, {"device": "gpu"})
    assert str(refusal.value) == (
        "LoadError: JAX sees no GPU here\n"
        f"  where  {path}\n"
        "  fix    install JAX with support for the GPU and its driver, or set device: cpu"
    )


@pytest.mark.parametrize(("chosen", "kept"), [(None, "false"), ("true", "true")])
def test_takes_no_memory_ahead_unless_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, kept: str
) -> None:
    monkeypatch.delenv(SHARE, raising=False)
    if chosen is not None:
        monkeypatch.setenv(SHARE, chosen)
    show = f"import dlscope.backends.jax, os; print(os.environ[{SHARE!r}])"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kept
