from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import BoundError
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.bound import evidence_of
from dlscope.methods.bounds.costed import Cost, view
from dlscope.methods.bounds.costing import costed_graph, is_view
from dlscope.methods.bounds.fusion_patterns import fusible_groups
from dlscope.methods.bounds.lower_bounds import sequential_bound


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Relu, Sigmoid, Concat of both, Identity, Reshape."""
    builder = GraphBuilder("net")
    x = builder.input("x", "float32", (2, 3))
    one = builder.node("Sigmoid", [builder.node("Relu", [x], output="relu")], output="sigmoid")
    value = builder.node("Concat", [x, one], output="concat", axis=0)
    value = builder.node("Identity", [value], output="same")
    shape = builder.constant("shape", np.array([3, 4]))
    value = builder.node("Reshape", [value, shape], output="reshaped")
    builder.output(value, "float32", (3, 4))
    return read_graph(builder.finish())


def ten(layer: Layer) -> list[Cost]:
    return [Cost(10 + layer.id, "one", evidence=layer.name)]


def test_layers_cost_what_was_measured_and_views_nothing(graph) -> None:
    costed = costed_graph(graph, ten)
    assert [(layer.name, layer.best.cost_ns) for layer in costed.layers] == [
        ("relu", 10),
        ("sigmoid", 11),
        ("concat", 12),
        ("same", 0),
        ("reshaped", 0),
    ]
    assert evidence_of(sequential_bound(costed).steps) == ("relu", "sigmoid", "concat")
    assert costed.predecessors == {0: (), 1: (0,), 2: (1,), 3: (2,), 4: (3,)}


def test_a_view_that_changes_axes_needs_the_plain_layout(graph) -> None:
    costs = [layer.costs for layer in costed_graph(graph, ten).layers]
    assert costs[3] == (view(),)
    assert costs[4] == (view("plain", "plain"),)


def test_only_what_computes_and_moves_nothing_is_a_view(graph) -> None:
    assert [is_view(layer) for layer in graph.layers] == [False, False, False, True, True]


def test_the_papers_tool_takes_more_for_free(graph) -> None:
    costed = costed_graph(graph, ten, paper_costs=True)
    assert [layer.best.cost_ns for layer in costed.layers] == [10, 11, 0, 0, 0]


def test_groups_come_with_what_was_measured_of_them(graph) -> None:
    (group,) = fusible_groups(graph)
    costed = costed_graph(graph, ten, [(group, [Cost(12, "one")])])
    assert costed.groups[0].layers == (0, 1)
    assert costed.gain_ns(costed.groups[0]) == 9


def test_layers_that_were_not_measured_are_named(graph) -> None:
    with pytest.raises(BoundError) as refusal:
        costed_graph(graph, lambda _: [])
    assert refusal.value.what == (
        "3 layers have no measurement: relu (Relu), sigmoid (Sigmoid), concat (Concat)"
    )
    assert refusal.value.where == "net"
