"""All implementations, on layers of every kind, and on every kind of layer of the catalog."""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator

import pytest
import torch
from single_layers import LAYERS, RESIDUAL

from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find, names
from dlscope.core.errors import BackendError, DlscopeError, PluginError
from dlscope.graph.brick import Brick
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment, is_view
from dlscope.methods.bounds.implementation import (
    NULL,
    Configuration,
    Implementation,
    Unsupported,
    tolerance,
)
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.registry import (
    NAMES,
    ON_GPU,
    implementation,
    implementations,
    missing_implementations,
)

IMPLEMENTATIONS = {each.name: each for each in implementations()}
SINGLE_SOURCE: dict[str, str] = {}
"""Operators of the catalog that only one family computes, and why no other can be had."""
# Their sizes are free: with a size of 1 everywhere, some tensors would be empty.
SIZES = {"pp-ocr-rec": 64, "silero-vad": 64}


def errors(
    way: Implementation, brick: Brick, without: tuple[str, ...] = ()
) -> Iterator[tuple[Configuration, float, str]]:
    """Each way that is supported, how far off it is, and whose code it is."""
    reference = Reference(brick)
    for configuration in way.configurations(brick):
        if isinstance(configuration, Unsupported):
            assert configuration.reason
            continue
        if configuration.dtype in without:
            continue
        try:
            runnable = way.build(brick, configuration)
            error = reference.checked(runnable)
        except BackendError as refusal:
            assert brick.label in refusal.what
            continue
        family = runnable.notes.get("family", way.family)
        assert error <= tolerance(configuration, runnable.notes), (way.name, configuration)
        yield configuration, error, family
        runnable.close()


def test_every_implementation_is_called_what_it_is_listed_as() -> None:
    assert missing_implementations() == {}
    assert list(IMPLEMENTATIONS) == list(NAMES)
    assert all(each.version() for each in IMPLEMENTATIONS.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_lacks_all_that_is_for_one_with_a_reason() -> None:
    assert implementations("gpu") == ()
    assert {name: error.what.partition(" needs ")[0] for name, error in
            missing_implementations("gpu").items()} == {
        name: f"implementation {name!r}" for name in ON_GPU
    }  # fmt: skip


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["dense", "depthwise", "gemm", "matmul by weights", "relu"])
@pytest.mark.parametrize("name", ON_GPU)
def test_what_is_computed_on_a_gpu_is_right(name, kind) -> None:
    if (missing := missing_implementations("gpu").get(name)) is not None:
        pytest.skip(missing.what)
    way = implementation(name)
    assert (way.name, way.device) == (name, "gpu")
    assert way.version()
    for _ in errors(way, LAYERS[kind]):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_call_can_be_built(name) -> None:
    runnable = implementation(name).build_null()
    runnable.run()
    assert [each.shape for each in runnable.outputs()] == [(1,)]
    assert Reference(NULL).checked(runnable) == 0


@pytest.mark.parametrize("kind", ["dense", "matmul by weights", "relu", "max pool"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_computed_is_right(name, kind) -> None:
    for _ in errors(implementation(name), LAYERS[kind]):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_computed_is_right_for_every_kind_of_layer(name, kind) -> None:
    for _ in errors(implementation(name), LAYERS[kind]):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_layers_together_are_right_or_refused_with_a_reason(name) -> None:
    for _ in errors(implementation(name), RESIDUAL):
        pass


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_operator_of_the_catalog_has_two_independent_implementations() -> None:
    alone = {}
    for operator, brick in _smallest_layers().items():
        found = defaultdict(set)
        for name, way in IMPLEMENTATIONS.items():
            # A sum that happens to be nearly 0 is far off, relatively, in the short types.
            for _, _, family in errors(way, brick, without=("bfloat16", "int8")):
                found[family].add(name)
        if len(found) < 2:
            alone[operator] = dict(found)
    assert {each: list(alone[each]) for each in alone if each not in SINGLE_SOURCE} == {}
    assert set(SINGLE_SOURCE) <= set(alone)


def _smallest_layers() -> dict[str, Brick]:
    """The smallest layer with elements of each operator that carries time in the catalog."""
    found: dict[str, tuple[int, Brick]] = {}
    for name in names("models"):
        try:
            path = fetch(find("models", name)).paths["graph"]
            graph = read_graph(path, default_dim=SIZES.get(name, 1))
        except DlscopeError:
            continue  # a package that is not installed here
        for layer in graph.layers:
            if is_view(layer) or not all(tensor.elements for tensor in layer.results):
                continue
            brick = Brick.of(Segment(graph, (layer,)))
            size = sum(tensor.elements for tensor in brick.tensors)
            if layer.operator not in found or size < found[layer.operator][0]:
                found[layer.operator] = size, brick
    return {operator: brick for operator, (_, brick) in sorted(found.items())}


def test_a_class_elsewhere_is_found_by_its_place() -> None:
    assert implementation("misbehaving:Misbehaving").name == "misbehaving"


def test_refuses_an_unknown_name() -> None:
    with pytest.raises(PluginError) as caught:
        implementation("openvinio")
    assert str(caught.value) == (
        "PluginError: there is no implementation 'openvinio'\n"
        "  where  implementations of layers\n"
        "  fix    did you mean openvino?"
    )


def test_says_what_is_not_installed_and_goes_on_without(monkeypatch) -> None:
    place = "dlscope.methods.bounds.implementations.openvino"
    for module in (place, "dlscope.backends.openvino"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(PluginError) as caught:
        implementation("openvino")
    assert str(caught.value) == (
        "PluginError: implementation 'openvino' needs 'openvino', which is not installed\n"
        f"  where  {place}:OpenVino\n"
        "  fix    pip install 'dlscope[openvino]'"
    )
    assert set(missing_implementations()) == {"openvino"}
    assert [each.name for each in implementations()] == [
        each for each in NAMES if each != "openvino"
    ]


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    module = importlib.import_module("dlscope.methods.bounds.implementations.registry")
    assert not {"torch", "onnxruntime", "openvino"} & set(vars(module))
