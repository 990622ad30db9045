from __future__ import annotations

import importlib
from pathlib import Path

import onnx
import pytest

from dlscope.catalog.finder import find, names
from dlscope.core.errors import GraphError
from dlscope.core.manifest import ModelManifest, Source
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
            "use one of 18, 34, 50, 101, 152",
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
    """Parameters, multiply-accumulates and tensors, without drawing hundreds of megabytes."""
    model = find("model", name)
    assert isinstance(model, ModelManifest)
    found = architecture_of(name)
    assert found is not None
    outlined = outline(*found)
    assert model.attributes["parameters"] == outlined.parameters
    assert model.attributes["macs"] == macs(outlined.model)
    graph = outlined.model.graph
    for spec, value in ((model.inputs[0], graph.input[0]), (model.outputs[0], graph.output[0])):
        sizes = [each.dim_value or each.dim_param for each in value.type.tensor_type.shape.dim]
        assert (spec.tensor, list(spec.shape)) == (value.name, sizes)
