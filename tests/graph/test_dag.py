from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from dlscope.core.errors import GraphError
from dlscope.graph.dag import Dag
from dlscope.graph.read import read_graph

DIAMOND = {"in": (), "left": ("in",), "right": ("in",), "out": ("left", "right")}
MASKS = st.lists(st.integers(0, 255), max_size=8)


def below(masks: list[int]) -> dict[int, list[int]]:
    """Node i waits for the nodes before it whose bits are set in its mask."""
    return {i: [j for j in range(i) if mask >> j & 1] for i, mask in enumerate(masks)}


def test_nodes_come_after_their_predecessors_and_else_as_given() -> None:
    dag = Dag.of(("out", "right", "left", "in", "alone"), DIAMOND)
    assert dag.nodes == ("in", "right", "left", "out", "alone")


def test_any_order_of_nodes_is_sorted() -> None:
    chain = {index: [index - 1] for index in range(1, 50)}
    assert Dag.of(reversed(range(50)), chain).nodes == tuple(range(50))


def test_sources_sinks_and_successors() -> None:
    dag = Dag.of((*DIAMOND, "alone"), DIAMOND)
    assert dag.sources == ("in", "alone")
    assert dag.sinks == ("out", "alone")
    assert dag.successors["in"] == ("left", "right")
    assert dag.successors["alone"] == ()


def test_parts_are_connected_however_their_links_point() -> None:
    dag = Dag.of("abcdef", {"b": "a", "e": "fd"})
    assert dag.parts == (("a", "b"), ("c",), ("d", "f", "e"))


def test_a_predecessor_that_is_named_twice_is_one() -> None:
    assert Dag.of("ab", {"b": "aa"}).predecessors["b"] == ("a",)


def test_nothing_is_a_dag() -> None:
    dag: Dag[str] = Dag.of((), {})
    assert (dag.nodes, dag.sources, dag.sinks, dag.parts) == ((), (), (), ())


def test_a_group_becomes_its_first_node() -> None:
    chain = Dag.of("abcd", {"b": "a", "c": "b", "d": "c"})
    dag = chain.contracted(["bc"])
    assert dag.nodes == ("a", "b", "d")
    assert dag.predecessors == {"a": (), "b": ("a",), "d": ("b",)}


def test_a_group_waits_for_what_any_of_it_needs() -> None:
    dag = Dag.of("acb", {"b": "ac"}).contracted(["ab"])
    assert dag.nodes == ("c", "a")
    assert dag.predecessors["a"] == ("c",)


@pytest.mark.parametrize(
    ("nodes", "before", "message"),
    [
        ("aba", {}, "a node comes twice"),
        ("ab", {"a": "z", "y": "b"}, "not among the nodes: y, z"),
        ("abc", {"a": "b", "b": "c", "c": "a"}, "in a circle: c, b, a"),
        ("xabz", {"a": "xb", "b": "a", "z": "b"}, "in a circle: b, a"),
        ("a", {"a": "a"}, "in a circle: a"),
    ],
)
def test_what_is_no_dag_is_refused(nodes, before, message) -> None:
    with pytest.raises(GraphError) as refusal:
        Dag.of(nodes, before)
    assert refusal.value.what.endswith(message)


def test_a_refusal_says_how_to_mend_it() -> None:
    with pytest.raises(GraphError) as refusal:
        Dag.of("ab", {"a": "b", "b": "a"})
    assert str(refusal.value) == (
        "GraphError: nodes wait for one another in a circle: b, a\n"
        "  where  the nodes and their predecessors\n"
        "  fix    take one of the links out"
    )


def test_groups_that_would_wait_for_each_other_are_refused() -> None:
    """a before b and c before d: with a and d as one, and b and c as one, each needs the other."""
    dag = Dag.of("abcd", {"b": "a", "d": "c"})
    with pytest.raises(GraphError, match="in a circle: b, a"):
        dag.contracted(["ad", "bc"])


def test_layers_of_a_graph_wait_for_those_whose_tensors_they_take(model_of) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Sigmoid", ["x"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Mul", ["c", "c"], ["y"]),
    ]
    graph = read_graph(model_of(nodes, {"x": "float32[2]"}, {"y": "float32[2]"}))
    dag = Dag.of_graph(graph)
    assert dag.predecessors == {0: (), 1: (), 2: (0, 1), 3: (2,)}


@given(MASKS, st.randoms(use_true_random=False))
def test_every_link_points_onwards(masks, random) -> None:
    before = below(masks)
    given_order = list(before)
    random.shuffle(given_order)
    place = {node: index for index, node in enumerate(Dag.of(given_order, before).nodes)}
    assert sorted(place) == sorted(before)
    assert all(place[each] < place[node] for node in before for each in before[node])


@given(MASKS)
def test_parts_hold_every_node_once_and_no_link_between_them(masks) -> None:
    dag = Dag.of(range(len(masks)), below(masks))
    assert sorted(node for part in dag.parts for node in part) == list(range(len(masks)))
    for part in dag.parts:
        assert {each for node in part for each in dag.predecessors[node]} <= set(part)
