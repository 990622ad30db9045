from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_graphs import network, quantised, wired, wirings

from dlscope.core.errors import GraphError
from dlscope.graph.ir import Graph
from dlscope.graph.partition import atomic_groups, execution_order, partition, windows

OPERATORS = ("Add", "Relu", "QuantizeLinear", "DequantizeLinear")


def order(graph: Graph) -> list[int]:
    return [layer.id for block in execution_order(graph) for layer in block]


def ids(segments) -> list[list[int]]:
    return [[layer.id for layer in each.layers] for each in segments]


def ancestors(graph: Graph) -> list[set[int]]:
    """Of each layer, those that it depends on, directly or not."""
    found: list[set[int]] = []
    for layer in graph.layers:
        makers = [graph.producers[each.name].id for each in layer.sources if each.kind != "input"]
        found.append(set(makers).union(*(found[each] for each in makers)))
    return found


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([[], [0], [1]], [0, 1, 2]),
        # A fork, its branches interleaved: the branch that begins with layer 1 comes first.
        ([[], [0], [0], [1], [2], [3, 4]], [0, 1, 3, 2, 4, 5]),
        # The same with the second branch ready first: what became ready last still goes first.
        ([[], [0], [0], [2], [1], [4, 3]], [0, 1, 4, 2, 3, 5]),
        # Two sources: the first is followed as far as possible.
        ([[], [], [0], [1], [2, 3]], [0, 2, 1, 3, 4]),
        # A fork within a branch is finished before the other branch starts.
        ([[], [0], [0], [1], [1], [3, 4], [2, 5]], [0, 1, 3, 4, 5, 2, 6]),
        # A residual connection.
        ([[], [0], [1], [2, 0], [3]], [0, 1, 2, 3, 4]),
    ],
)
def test_one_branch_is_finished_before_the_next(sources, expected):
    assert order(wired(sources)) == expected


def test_a_partition_by_hand():
    graph = wired([[], [0], [0], [1], [2], [3, 4]])
    assert ids(partition(graph, 1)) == [[0], [1], [3], [2], [4], [5]]
    assert ids(partition(graph, 2)) == [[0, 1], [3, 2], [4, 5]]
    assert ids(partition(graph, 4)) == [[0, 1, 3, 2], [4, 5]]
    assert ids(partition(graph, 6)) == ids(partition(graph, 100)) == [[0, 1, 3, 2, 4, 5]]


@given(wirings(OPERATORS), st.integers(1, 13))
def test_each_layer_is_in_one_segment_after_what_it_needs(graph, granularity):
    segments = partition(graph, granularity)
    listed = [layer for each in segments for layer in each.layers]
    assert sorted(layer.id for layer in listed) == list(range(len(graph.layers)))
    place = {layer.id: index for index, layer in enumerate(listed)}
    for layer, before in zip(graph.layers, ancestors(graph), strict=True):
        assert all(place[each] < place[layer.id] for each in before)


@given(wirings(OPERATORS), st.integers(1, 13))
def test_segments_are_convex_and_as_long_as_they_may_be(graph, granularity):
    before = ancestors(graph)
    blocks = {frozenset(layer.id for layer in block) for block in execution_order(graph)}
    segments = [set(each) for each in ids(partition(graph, granularity))]
    for members in segments:
        needed = set().union(*(before[each] for each in members)) - members
        assert all(before[each].isdisjoint(members) for each in needed)
        assert len(members) <= granularity or members in blocks
    rank = {layer: place for place, layer in enumerate(order(graph))}
    for members, following in pairwise(segments):
        earliest = min(following, key=rank.__getitem__)
        first = next(block for block in blocks if earliest in block)
        assert len(members) + len(first) > granularity


@given(wirings())
def test_a_granularity_of_all_layers_gives_one_segment(graph):
    count = len(graph.layers)
    assert [len(each.layers) for each in partition(graph, count)] == [count]
    assert [len(each.layers) for each in windows(graph, count + 3)] == [count]


@given(wirings(), st.integers(1, 12))
def test_windows_start_one_layer_after_the_other(graph, granularity):
    listed = order(graph)
    size = min(granularity, len(listed))
    expected = [listed[start : start + size] for start in range(len(listed) - size + 1)]
    assert ids(windows(graph, granularity)) == expected


@given(wirings(OPERATORS))
def test_what_is_never_separated_is_in_the_order_of_the_graph(graph):
    for block in execution_order(graph):
        assert [layer.id for layer in block] == sorted(layer.id for layer in block)
        assert len(block) == 1 or any(
            each <= {layer.id for layer in block} for each in atomic_groups(graph)
        )


def test_an_operator_stays_with_the_quantisation_around_it():
    sources = [[], [0], [1], [2], [3], [4]]
    operators = ["Add", "DequantizeLinear", "Conv", "QuantizeLinear", "DequantizeLinear", "Relu"]
    graph = wired(sources, dict(enumerate(operators)))
    assert atomic_groups(graph) == ({1, 2, 3},)
    assert ids(partition(graph, 1)) == [[0], [1, 2, 3], [4], [5]]
    assert ids(partition(graph, 4)) == [[0, 1, 2, 3], [4, 5]]


def test_groups_that_share_a_layer_are_one():
    """One dequantised value that two operators take."""
    operators = {0: "DequantizeLinear", 2: "QuantizeLinear", 4: "QuantizeLinear", 5: "Concat"}
    graph = wired([[], [0], [1], [0], [3], [2, 4]], operators)
    assert atomic_groups(graph) == ({0, 1, 2}, {0, 3, 4})
    assert ids(partition(graph, 1)) == [[0, 1, 2, 3, 4], [5]]


def test_a_layer_on_a_path_between_two_members_joins():
    """0 and 3 are dequantised inputs of 4; what 0 gives also becomes 3, by way of 1 and 2."""
    operators = {0: "DequantizeLinear", 2: "QuantizeLinear", 3: "DequantizeLinear"}
    graph = wired([[], [0], [1], [2], [0, 3], [4]], {**operators, 1: "Relu", 5: "QuantizeLinear"})
    assert {0, 3, 4, 5} in atomic_groups(graph)
    assert ids(partition(graph, 1)) == [[0, 1, 2, 3, 4, 5]]
    apart = wired(
        [[], [0], [1], [2], [3], [0, 4], [5]],
        {0: "DequantizeLinear", 3: "QuantizeLinear", 4: "DequantizeLinear", 6: "QuantizeLinear"},
    )
    assert atomic_groups(apart) == ({0, 4, 5, 6},)
    assert ids(partition(apart, 1)) == [[0, 1, 2, 3, 4, 5, 6]]


def test_groups_that_wait_for_each_other_are_one():
    """No path leads from a group back into itself, but 4 waits for 0 and 5 for 1."""
    dequantised = dict.fromkeys((0, 1, 4, 5), "DequantizeLinear")
    quantised = dict.fromkeys((8, 9), "QuantizeLinear")
    sources = [[], [], [0], [1], [2], [3], [0, 5], [1, 4], [6], [7]]
    graph = wired(sources, {**dequantised, **quantised})
    assert atomic_groups(graph) == ({0, 5, 6, 8}, {1, 4, 7, 9})
    assert ids(partition(graph, 1)) == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]


def test_an_operator_whose_result_is_used_elsewhere_too_is_in_no_group():
    operators = {0: "DequantizeLinear", 2: "QuantizeLinear"}
    assert atomic_groups(wired([[], [0], [1], [1]], operators)) == ()


def test_a_quantised_network_is_cut_between_its_groups():
    segments = partition(quantised(), 1)
    kinds = [[layer.op_type for layer in each.layers] for each in segments]
    assert ["DequantizeLinear", "DequantizeLinear", "Conv", "QuantizeLinear"] in kinds
    assert ["DequantizeLinear", "AveragePool", "QuantizeLinear"] in kinds
    assert sum(map(len, kinds)) == len(quantised().layers)


def test_windows_do_not_cut_through_a_group():
    with pytest.raises(GraphError) as caught:
        windows(quantised(), 2)
    assert caught.value.what == "windows would cut through layers that belong together"
    assert (caught.value.where, caught.value.fix) == ("quantised", "use the standard partition")


@pytest.mark.parametrize("cut", [partition, windows])
@pytest.mark.parametrize("granularity", [0, -3])
def test_less_than_one_layer_is_refused(cut, granularity):
    with pytest.raises(GraphError) as caught:
        cut(network("residual"), granularity)
    assert caught.value.what == f"{granularity} layers cannot be a brick"
    assert caught.value.where == "granularity"
    assert caught.value.fix == "ask for at least 1 layer per brick"


def test_a_graph_without_layers_has_no_segments():
    empty = Graph("none", "", (), (), (), {}, {"": 17})
    assert partition(empty, 3) == windows(empty, 3) == ()
