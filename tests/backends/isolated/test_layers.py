from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope.backends.isolated.backend import ISOLATED
from dlscope.backends.isolated.layers import write_layers
from dlscope.backends.isolated.worker import (
    JaxOperations,
    Layers,
    MxNetOperations,
    TensorFlowOperations,
    TorchModel,
    TorchOperations,
)
from dlscope.backends.reference import ReferenceBackend
from dlscope.core.errors import UnsupportedOp
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.isolated import provide
from dlscope.stacks.resolving import resolve
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

PLAIN = ("convolutions", "depthwise", "dense", "pooling", "batch_normalization")


def written(folder: Path, name: str) -> Layers:
    folder.mkdir()
    write_layers(SMALL_MODELS[name].build(folder / "model.onnx"), folder)
    return Layers(str(folder))


def test_a_layer_has_what_it_takes_and_makes(tmp_path: Path) -> None:
    layers = written(tmp_path / "plain", "convolutions")
    stem, clipped, *_ = layers.layers
    assert (stem["op"], stem["inputs"][0], stem["filters"], stem["group"]) == ("conv", "x", 8, 1)
    assert (stem["kernel"], stem["strides"], stem["pads"]) == ([3, 3], [2, 2], [0, 0, 1, 1])
    assert (clipped["op"], clipped["low"], clipped["high"]) == ("clip", 0.0, 6.0)
    assert clipped["inputs"] == [stem["output"]]
    assert layers.inputs == [["x", "float32", [None, 3, 12, 12]]]
    assert layers.outputs == [["y", "float32", [None, 8, 6, 6]]]


def test_a_matrix_lies_as_outputs_by_inputs(tmp_path: Path) -> None:
    layers = written(tmp_path / "plain", "dense")
    (dense,) = [layer for layer in layers.layers if layer["op"] == "dense"]
    assert layers.constants[dense["inputs"][1]].shape == (10, 48)


def test_normalization_is_a_product_and_a_sum(tmp_path: Path) -> None:
    layers = written(tmp_path / "plain", "batch_normalization")
    assert {"mul", "add"} <= {layer["op"] for layer in layers.layers}


@pytest.mark.parametrize(
    "operations", [MxNetOperations, JaxOperations, TensorFlowOperations, TorchOperations]
)
def test_each_framework_makes_every_kind_of_layer(operations: type) -> None:
    kinds = {name for name in vars(JaxOperations) if not name.startswith("_")}
    assert {name for name in vars(operations) if not name.startswith("_")} == kinds
    assert {"conv", "dense", "max_pool", "clip", "concat"} <= kinds


@pytest.mark.parametrize("name", PLAIN)
def test_every_layer_that_is_written_can_be_made(tmp_path: Path, name: str) -> None:
    layers = written(tmp_path / "plain", name).layers
    assert [layer for layer in layers if not hasattr(JaxOperations, layer["op"])] == []


@pytest.mark.parametrize("name", PLAIN)
def test_plain_layers_compute_what_the_graph_computes(tmp_path: Path, name: str) -> None:
    pytest.importorskip("torch")
    layers = written(tmp_path / "plain", name)
    assert [spec[0] for spec in layers.outputs] == ["y"]
    feeds = {"x": SMALL_MODELS[name].feed(3)}
    with ReferenceBackend().open(tmp_path / "plain" / "model.onnx") as oracle:
        wanted = oracle.predict(feeds)["y"]
    ((_, got),) = TorchModel(str(tmp_path / "plain"), {"threads": 1}).predict(feeds)
    assert got.shape == wanted.shape
    assert float(np.abs(got - wanted).max()) <= 1e-5 * float(np.abs(wanted).max())


def test_reshaping_keeps_the_batch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    model = ModelBuilder()
    turned = model.add("Transpose", "x", perm=[0, 2, 1])
    flat = model.add("Reshape", turned, model.constant(np.array([1, 6], np.int64)))
    joined = model.add("Concat", flat, flat, axis=1)
    model.add("Softmax", model.add("Sigmoid", joined), axis=1, output="y")
    shape: tuple[type[np.generic], list[int]] = (np.float32, [1, 2, 3])
    path = model.save(tmp_path / "m.onnx", {"x": shape}, {"y": (np.float32, [1, 12])})
    feeds = {"x": np.arange(6, dtype=np.float32).reshape(1, 2, 3)}
    write_layers(path, tmp_path)
    with ReferenceBackend().open(path) as oracle:
        wanted = oracle.predict(feeds)["y"]
    ((_, got),) = TorchModel(str(tmp_path), {"threads": 1}).predict(feeds)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_an_operator_without_a_plain_form_is_refused(tmp_path: Path) -> None:
    path = SMALL_MODELS["encoder"].build(tmp_path / "encoder.onnx")
    with pytest.raises(UnsupportedOp) as caught:
        write_layers(path, tmp_path)
    assert caught.value.what.startswith("no plain form for ")
    assert "Erf (1 layers)" in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.fix == "use a backend that opens ONNX itself, such as onnxruntime"


def test_weights_that_are_computed_are_refused(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("MatMul", "x", "w", output="y")
    square = (np.float32, [4, 4])
    path = model.save(tmp_path / "m.onnx", {"x": square, "w": square}, {"y": square})
    with pytest.raises(UnsupportedOp, match="MatMul has a plain form only with constant weights"):
        write_layers(path, tmp_path)


STACKS = ("mxnet==1.9.1", "jax", "tensorflow==1.15.5", "tensorflow==2.4.4")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("asked", STACKS)
def test_an_old_or_heavy_framework_computes_what_the_reference_computes(
    asked: str, tmp_path: Path
) -> None:
    request = StackRequest.parse(asked)
    backend = ISOLATED[request.framework](provide(request.framework, resolve(request)).python)
    backend.import_framework()
    for name in PLAIN:
        small = SMALL_MODELS[name]
        path, feeds = small.build(tmp_path / f"{name}.onnx"), {"x": small.feed(3)}
        with ReferenceBackend().open(path) as oracle, backend.open(path) as predictor:
            wanted, got = oracle.predict(feeds)["y"], predictor.predict(feeds)["y"]
        assert got.shape == wanted.shape
        assert float(np.abs(got - wanted).max()) <= 1e-4 * float(np.abs(wanted).max())
    backend.close()
