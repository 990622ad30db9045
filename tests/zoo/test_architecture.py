from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import onnx
import pytest

from dlscope.catalog.finder import find, names
from dlscope.core import registry
from dlscope.core.errors import GraphError
from dlscope.core.manifest import ModelManifest, Source
from dlscope.graph.read import read_graph
from dlscope.graph.work import graph_work
from dlscope.zoo.architecture import Architecture, draw_network, outline
from dlscope.zoo.mobilenet_v2 import MOBILENET_V2
from dlscope.zoo.resnet import RESNET
from dlscope.zoo.squeezenet import SQUEEZENET

SMALL = {"version": "1.1", "seed": "0"}


@pytest.fixture(scope="module")
def small() -> bytes:
    return draw_network(SQUEEZENET, None, SMALL)


def test_the_same_seed_gives_the_same_bytes(small):
    assert draw_network(SQUEEZENET, None, SMALL) == small


def test_another_seed_gives_other_weights_in_the_same_graph(small):
    first = onnx.load_from_string(small).graph
    other = onnx.load_from_string(draw_network(SQUEEZENET, None, {**SMALL, "seed": "1"})).graph
    assert first.node == other.node
    for one, two in zip(first.initializer, other.initializer, strict=True):
        assert (one.name, one.dims) == (two.name, two.dims)
        assert one.raw_data != two.raw_data


def test_an_outline_is_the_network_with_inputs_for_arrays(small):
    drawn = onnx.load_from_string(small).graph
    outlined = outline(SQUEEZENET, {"version": "1.1"}).model.graph
    assert outlined.node == drawn.node
    assert outlined.output == drawn.output
    shapes = {
        each.name: [size.dim_value for size in each.type.tensor_type.shape.dim]
        for each in outlined.input
        if each.name != "image"
    }
    assert shapes == {each.name: list(each.dims) for each in drawn.initializer}
    assert not outlined.initializer


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"seed": "0"}, "resnet needs the option 'depth'", "write generated:resnet?depth=…"),
        ({"depth": "18"}, "resnet needs the option 'seed'", "write generated:resnet?seed=…"),
        (
            {"depth": "19", "seed": "0"},
            "resnet has no depth '19'",
            "use one of 14, 18, 26, 34, 38, 50, 101, 152",
        ),
        (
            {"depth": "18", "form": "v2", "seed": "0"},
            "resnet has no form 'v2'",
            "use one of v1.5, v1",
        ),
        (
            {"depht": "18", "seed": "0"},
            "resnet has no option 'depht'",
            "did you mean depth?",
        ),
        (
            {"depth": "18", "seed": "-1"},
            "seed of resnet is a whole number of at least 0, not '-1'",
            "write generated:resnet?seed=0, or more",
        ),
    ],
)
def test_refuses_wrong_options(options, what, fix):
    with pytest.raises(GraphError) as caught:
        draw_network(RESNET, None, options)
    assert (caught.value.what, caught.value.fix) == (what, fix)
    assert caught.value.where == "generated:resnet"


def test_refuses_weights_of_a_file():
    with pytest.raises(GraphError) as caught:
        draw_network(MOBILENET_V2, Path("weights.pth"), {"seed": "0"})
    assert caught.value.what == "mobilenet_v2 draws its weights from a seed and reads none"
    assert caught.value.where == "generated:mobilenet_v2"
    assert caught.value.fix == "leave the asset 'weights' out"


def seeded() -> list[str]:
    """The models of the catalog that an architecture writes."""
    return [name for name in names("model") if architecture_of(name) is not None]


def architecture_of(name: str) -> tuple[Architecture, dict[str, str]] | None:
    model = find("model", name)
    assert isinstance(model, ModelManifest)
    source = Source.parse(model.assets["graph"].source)
    if source.scheme != "generated":
        return None
    module = importlib.import_module(f"dlscope.zoo.{source.location}")
    found = [each for each in vars(module).values() if isinstance(each, Architecture)]
    options = {key: value for key, value in source.options.items() if key != "seed"}
    return (found[0], options) if found else None


@pytest.mark.parametrize("name", seeded())
def test_the_catalog_tells_what_a_network_is(name, macs):
    """Parameters, multiply-accumulates and tensors, without drawing hundreds of megabytes.

    The work of every layer is known, and agrees with the count of these tests.
    """
    model = find("model", name)
    assert isinstance(model, ModelManifest)
    found = architecture_of(name)
    assert found is not None
    outlined = outline(*found)
    assert model.attributes["parameters"] == outlined.parameters
    assert model.attributes["macs"] == macs(outlined.model)
    work = graph_work(read_graph(outlined.model, {"N": 1}))
    assert (work.complete, work.total.macs) == (True, model.attributes["macs"])
    graph = outlined.model.graph
    assert [spec.tensor for spec in model.outputs] == [value.name for value in graph.output]
    for spec, value in zip(
        (*model.inputs, *model.outputs), (graph.input[0], *graph.output), strict=True
    ):
        sizes = [each.dim_value or each.dim_param for each in value.type.tensor_type.shape.dim]
        assert (spec.tensor, list(spec.shape)) == (value.name, sizes)


@pytest.mark.parametrize(
    "name",
    [
        "ghostnet",
        pytest.param("convnext_tiny", marks=pytest.mark.slow),
        pytest.param("regnety_400mf", marks=pytest.mark.slow),
        pytest.param("resnext50", marks=pytest.mark.slow),
        pytest.param("ssdlite_mobilenet_v3", marks=pytest.mark.slow),
        pytest.param("swin_tiny", marks=pytest.mark.slow),
    ],
)
def test_pytorch_gives_what_onnx_runtime_gives(name, tmp_path):
    """Networks of operators, or of forms of them, that no older one has."""
    pytest.importorskip("torch")
    found = architecture_of(name)
    assert found is not None
    architecture, options = found
    path = tmp_path / "network.onnx"
    path.write_bytes(draw_network(architecture, None, {**options, "seed": "0"}))
    side = find("model", name).inputs[0].shape[-1]
    image = np.random.default_rng(0).standard_normal((2, 3, side, side), np.float32)
    wanted, got = (answers_of(backend, path, image) for backend in ("onnxruntime", "torch"))
    assert list(got) == list(wanted)
    for output, expected in wanted.items():
        assert np.abs(got[output] - expected).max() <= 1e-4 * np.abs(expected).max()


def answers_of(backend: str, path: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    with registry.load("backends", backend)().open(path) as predictor:
        return dict(predictor.predict({"image": image}))
