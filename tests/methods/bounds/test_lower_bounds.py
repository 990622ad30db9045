from __future__ import annotations

import pytest
from costed_networks import network, networks
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import GraphError
from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer, view
from dlscope.methods.bounds.lower_bounds import (
    parallel_bound,
    resource_bound_ns,
    scheduled_bound,
    sequential_bound,
)
from dlscope.methods.bounds.roofline_floor import LayerFloor, RooflineFloor

DIAMOND = {1: [0], 2: [0], 3: [1, 2]}


def with_cost(costed: Costed, place: int, cost: Cost) -> Costed:
    """One more way to carry out one of the layers."""
    layers = list(costed.layers)
    old = layers[place]
    layers[place] = CostedLayer(old.id, old.name, old.op_type, (*old.costs, cost))
    return Costed(costed.name, tuple(layers), costed.predecessors, costed.groups)


def test_a_diamond() -> None:
    costed = network([1, 5, 3, 2], DIAMOND)
    assert sequential_bound(costed).total_ns == 11
    assert parallel_bound(costed).total_ns == 8


def test_several_sources_and_sinks() -> None:
    costed = network([1, 5, 5, 5, 1], {2: [1], 3: [2], 4: [0]})
    assert sequential_bound(costed).total_ns == 17
    assert parallel_bound(costed).total_ns == 15


def test_outputs_that_are_not_connected() -> None:
    costed = network([2, 3, 4], {1: [0]})
    assert sequential_bound(costed).total_ns == 9
    assert parallel_bound(costed).total_ns == 5


def test_views_are_free() -> None:
    costed = network([3, [view()], 4])
    assert sequential_bound(costed).total_ns == parallel_bound(costed).total_ns == 7


def test_a_network_of_views_and_an_empty_one_take_no_time() -> None:
    for costed in (network([[view()], [view()]]), network([])):
        assert sequential_bound(costed).total_ns == parallel_bound(costed).total_ns == 0


def test_the_fastest_of_each_layer_counts_whoever_has_it() -> None:
    slow_then_fast = [Cost(9, "ort"), Cost(2, "torch")]
    fast_then_slow = [Cost(1, "ort"), Cost(8, "torch")]
    bound = sequential_bound(network([slow_then_fast, fast_then_slow]))
    assert bound.total_ns == 3
    assert [step.cost.implementation for step in bound.steps] == ["torch", "ort"]


def test_few_workers_are_between_the_two_bounds() -> None:
    costed = network([4, 4, 4], {})
    totals = [scheduled_bound(costed, workers=workers).total for workers in (1, 2, 3)]
    assert totals == [12, 8, 4]


def test_no_workers_are_refused() -> None:
    with pytest.raises(GraphError, match="0 workers cannot do anything"):
        scheduled_bound(network([1]), workers=0)


@pytest.mark.parametrize(
    ("compute_ns", "memory_ns", "expected"), [(1, 1, 8), (3, 1, 12), (1, 4, 16)]
)
def test_one_device_is_no_faster_than_its_peaks(compute_ns, memory_ns, expected) -> None:
    """Four layers; the critical path is 8 ns."""
    costed = network([1, 5, 3, 2], DIAMOND)
    floor = RooflineFloor(dict.fromkeys(range(4), LayerFloor(compute_ns, memory_ns)))
    assert resource_bound_ns(costed, floor) == expected


@given(networks())
def test_parallel_is_at_most_sequential_and_at_least_the_longest_layer(costed) -> None:
    parallel_ns = parallel_bound(costed).total_ns
    assert parallel_ns <= sequential_bound(costed).total_ns
    assert parallel_ns >= max(costed.best_ns.values(), default=0)


@given(networks(), st.data())
def test_one_more_implementation_never_raises_a_bound(costed, data) -> None:
    if not costed.layers:
        return
    place = data.draw(st.integers(0, len(costed.layers) - 1))
    more = with_cost(costed, place, Cost(data.draw(st.integers(0, 30)), "new"))
    assert sequential_bound(more).total_ns <= sequential_bound(costed).total_ns
    assert parallel_bound(more).total_ns <= parallel_bound(costed).total_ns


@given(networks())
def test_the_bound_is_at_most_what_any_one_implementation_takes(costed) -> None:
    total_ns = sequential_bound(costed).total_ns
    firsts = sum(layer.costs[0].cost_ns for layer in costed.layers)
    assert total_ns <= firsts
    assert total_ns == sum(min(each.cost_ns for each in layer.costs) for layer in costed.layers)
