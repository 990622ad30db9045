from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper
from small_graphs import network, wired, wirings

from dlscope.graph.read import read_graph
from dlscope.graph.segment import VIEWS, Segment, is_view


def names(tensors) -> list[str]:
    return [each.name for each in tensors]


def segment(graph, *ids: int) -> Segment:
    return Segment(graph, tuple(graph.layers[each] for each in ids))


def test_what_enters_and_leaves_a_segment():
    graph = wired([[], [0], [0], [1, 2], [3, 0]])
    middle = segment(graph, 1, 2, 3)
    assert names(middle.inputs) == ["t0"]
    assert names(middle.outputs) == ["t3"]
    assert names(segment(graph, 0, 1).outputs) == ["t0", "t1"]
    assert names(segment(graph, 3, 4).inputs) == ["t1", "t2", "t0"]


def test_inputs_are_in_order_of_first_use_each_once():
    graph = wired([[], [], [1, 0], [0, 1, 2]])
    assert names(segment(graph, 2, 3).inputs) == ["t1", "t0"]


def test_a_result_that_leaves_the_graph_leaves_its_segment():
    graph = wired([[], [0], [0]])
    assert names(segment(graph, 0, 1, 2).outputs) == ["t1", "t2"]


def test_where_nothing_is_used_the_last_result_leaves():
    graph = wired([[], [0], [1]])
    unused = Segment(
        type(graph)("g", "", graph.layers, graph.inputs, (), {}, {"": 17}), graph.layers[1:]
    )
    assert names(unused.outputs) == ["t2"]


def test_constants_are_no_inputs(model_of):
    node = helper.make_node("Add", ["x", "w"], ["y"])
    graph = read_graph(
        model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, {"w": np.ones(2, np.float32)})
    )
    whole = Segment(graph, graph.layers)
    assert (names(whole.inputs), names(whole.constants)) == (["x"], ["w"])


@given(wirings(), st.data())
def test_exactly_what_crosses_the_edge_enters_and_leaves(graph, data):
    start = data.draw(st.integers(0, len(graph.layers) - 1))
    end = data.draw(st.integers(start + 1, len(graph.layers)))
    part = Segment(graph, graph.layers[start:end])
    inside = range(start, end)
    taken = {each.name for layer in part.layers for each in layer.sources}
    made = {f"t{index}" for index in inside}
    assert set(names(part.inputs)) == taken - made
    used = {each.name for layer in graph.layers if layer.id not in inside for each in layer.sources}
    assert set(names(part.outputs)) == made & (used | set(names(graph.outputs)))


def test_views_at_the_edges_go_and_those_within_stay():
    graph = wired(
        [[], [0], [1], [2], [3], [4]],
        {0: "Reshape", 1: "Identity", 2: "Relu", 3: "Flatten", 4: "Relu", 5: "Squeeze"},
    )
    core = Segment(graph, graph.layers).without_edge_views()
    assert [layer.id for layer in core.layers] == [2, 3, 4]
    assert (names(core.inputs), names(core.outputs)) == (["t1"], ["t4"])


def test_a_view_on_a_branch_that_only_leaves_goes():
    graph = wired([[], [0], [0]], {0: "Relu", 1: "Flatten", 2: "Relu"})
    core = Segment(graph, graph.layers).without_edge_views()
    assert [layer.id for layer in core.layers] == [0, 2]
    assert names(core.outputs) == ["t0", "t2"]


def test_of_views_alone_nothing_is_left():
    graph = wired([[], [0]], {0: "Reshape", 1: "Unsqueeze"})
    core = Segment(graph, graph.layers).without_edge_views()
    assert core.layers == core.inputs == core.outputs == ()


@given(wirings(("Add", "Relu", "Reshape", "Identity")))
def test_only_views_go_and_none_is_left_at_an_edge(graph):
    whole = Segment(graph, graph.layers)
    core = whole.without_edge_views()
    assert {layer for layer in whole.layers if not is_view(layer)} <= set(core.layers)
    assert core.without_edge_views().layers == core.layers
    outside = set(core.inputs)
    used = {each for layer in core.layers for each in layer.sources}
    for layer in filter(is_view, core.layers):
        assert layer.sources[0] not in outside
        assert not used.isdisjoint(layer.results)


def test_which_layers_are_views():
    layers = [layer.op_type for layer in network("views").layers if is_view(layer)]
    assert layers == ["Reshape", "Unsqueeze", "Squeeze", "Identity", "Flatten"]
    assert set(layers) < VIEWS


@pytest.mark.parametrize(("training", "expected"), [(False, True), (True, False)])
def test_dropout_is_a_view_unless_it_trains(model_of, training, expected):
    node = helper.make_node("Dropout", ["x", "share", "training"], ["y"])
    constants = {"share": np.float32(0.5), "training": np.bool_(training)}
    model = model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, constants)
    (layer,) = read_graph(model).layers
    assert is_view(layer) is expected


def test_an_operator_of_another_domain_is_no_view(model_of):
    node = helper.make_node("Reshape", ["x"], ["y"], domain="com.example")
    model = model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, domains=["com.example"])
    (layer,) = read_graph(model).layers
    assert not is_view(layer)
