from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from dlscope.core.errors import GraphError
from dlscope.graph.dag import Dag
from dlscope.graph.paths import critical_path, width_profile
from dlscope.graph.read import read_graph

DIAMOND = Dag.of(
    ("in", "left", "right", "out"), {"left": ["in"], "right": ["in"], "out": ["left", "right"]}
)
WEIGHED = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 9)), max_size=8)


def weighed(nodes: list[tuple[int, int]]) -> tuple[Dag[int], dict[int, int]]:
    """A mask of predecessors and a weight for each node."""
    before = {i: [j for j in range(i) if mask >> j & 1] for i, (mask, _) in enumerate(nodes)}
    return Dag.of(before, before), {i: weight for i, (_, weight) in enumerate(nodes)}


def all_paths(dag: Dag[int]) -> Iterator[tuple[int, ...]]:
    """Every path from a source to a sink."""
    waiting = [(source,) for source in dag.sources]
    while waiting:
        path = waiting.pop()
        waiting += [(*path, after) for after in dag.successors[path[-1]]]
        if not dag.successors[path[-1]]:
            yield path


def test_the_heavier_branch_of_a_diamond_counts() -> None:
    found = critical_path(DIAMOND, {"in": 1, "left": 5, "right": 3, "out": 2})
    assert found.total == 8
    assert found.path == ("in", "left", "out")
    assert found.starts == {"in": 0, "left": 1, "right": 1, "out": 6}
    assert found.ends == {"in": 1, "left": 6, "right": 4, "out": 8}


def test_all_of_a_chain_counts_and_half_of_two_equal_branches() -> None:
    chain = Dag.of("abc", {"b": "a", "c": "b"})
    assert critical_path(chain, {"a": 2, "b": 3, "c": 4}).total == 9
    apart = Dag.of("ab", {})
    assert critical_path(apart, {"a": 4, "b": 4}).total == 4


def test_every_source_and_every_sink_counts() -> None:
    """The heaviest path neither begins at the first node nor ends at the last."""
    dag = Dag.of("abcde", {"c": "b", "d": "c", "e": "a"})
    found = critical_path(dag, {"a": 1, "b": 5, "c": 5, "d": 5, "e": 1})
    assert (found.total, found.path) == (15, ("b", "c", "d"))


def test_parts_that_are_not_connected_run_at_once() -> None:
    dag = Dag.of("abcd", {"b": "a", "d": "c"})
    found = critical_path(dag, {"a": 1, "b": 1, "c": 3, "d": 3})
    assert (found.total, found.path) == (6, ("c", "d"))
    assert width_profile(found) == ((0, 2), (2, 1), (6, 0))


def test_a_path_goes_on_to_a_sink_that_weighs_nothing() -> None:
    dag = Dag.of("abc", {"b": "a", "c": "b"})
    assert critical_path(dag, {"a": 0, "b": 7, "c": 0}).path == ("a", "b", "c")


def test_nothing_takes_no_time() -> None:
    found = critical_path(Dag.of((), {}), {})
    assert (found.total, found.path, width_profile(found)) == (0, (), ())


def test_widths_of_a_diamond() -> None:
    found = critical_path(DIAMOND, {"in": 1, "left": 5, "right": 3, "out": 2})
    assert width_profile(found) == ((0, 1), (1, 2), (4, 1), (8, 0))


def test_the_layers_of_a_graph_have_a_critical_path(model_of) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Sigmoid", ["x"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    graph = read_graph(model_of(nodes, {"x": "float32[2]"}, {"y": "float32[2]"}))
    found = critical_path(Dag.of_graph(graph), {0: 1, 1: 4, 2: 1})
    assert [graph.layers[each].op_type for each in found.path] == ["Sigmoid", "Add"]


@pytest.mark.parametrize("weights", [{"a": 1}, {"a": 1, "b": -1, "c": -2}])
def test_nodes_without_a_weight_are_named(weights) -> None:
    with pytest.raises(GraphError) as refusal:
        critical_path(Dag.of("abc", {}), weights)
    assert str(refusal.value) == (
        "GraphError: without a weight of at least 0: b, c\n"
        "  where  the weights of the nodes\n"
        "  fix    give each of them one; 0 where it costs nothing"
    )


@given(WEIGHED)
def test_no_path_is_heavier(nodes) -> None:
    dag, weights = weighed(nodes)
    found = critical_path(dag, weights)
    sums = {path: sum(weights[node] for node in path) for path in all_paths(dag)}
    assert found.total == max(sums.values(), default=0)
    assert found.path in sums or not nodes
    assert sums.get(found.path, 0) == found.total


@given(WEIGHED)
def test_no_node_begins_before_what_it_waits_for_or_later_than_it_must(nodes) -> None:
    dag, weights = weighed(nodes)
    found = critical_path(dag, weights)
    for node in dag.nodes:
        before = [found.ends[each] for each in dag.predecessors[node]]
        assert found.starts[node] == max(before, default=0)
        assert found.ends[node] == found.starts[node] + weights[node]


@given(WEIGHED)
def test_widths_add_up_to_all_weights(nodes) -> None:
    dag, weights = weighed(nodes)
    found = critical_path(dag, weights)
    profile = width_profile(found)
    area = sum(
        width * (after.start - start) for (start, width), after in itertools.pairwise(profile)
    )
    assert area == sum(weights.values())
    assert not profile or (profile[-1].start, profile[-1].nodes) == (found.total, 0)


@given(WEIGHED)
def test_widths_are_told_only_where_they_change(nodes) -> None:
    profile = width_profile(critical_path(*weighed(nodes)))
    assert all(one.nodes != other.nodes for one, other in itertools.pairwise(profile))
