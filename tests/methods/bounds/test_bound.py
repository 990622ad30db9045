from __future__ import annotations

from costed_networks import fused, network
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.bound import (
    Step,
    evidence_of,
    in_parallel,
    in_sequence,
    longest_path_ns,
)
from dlscope.methods.bounds.costed import Cost


def test_a_bound_rests_on_the_measurements_of_its_steps() -> None:
    costed = network(
        [
            [Cost(5, "ort", evidence="r1"), Cost(4, "torch", "direct", evidence="r2")],
            [Cost(3, "ort", evidence="r3")],
            [Cost(4, "torch", evidence="r2")],
        ]
    )
    bound = in_sequence(costed)
    assert bound.total_ns == 11
    assert bound.steps[0] == Step((0,), Cost(4, "torch", "direct", evidence="r2"))
    assert evidence_of(bound.steps) == ("r2", "r3")


def test_a_fused_group_is_one_step() -> None:
    costed = network([2, 2, 2], groups=[fused(3, 1, 2)])
    bound = in_sequence(costed, costed.groups, "greedy")
    assert (bound.total_ns, bound.method) == (5, "greedy")
    assert [(step.layers, step.pattern) for step in bound.steps] == [((0,), ""), ((1, 2), "fused")]


def test_a_group_stands_where_all_that_it_needs_is_there() -> None:
    costed = network([10, 10, 1], {2: [0, 1]}, [fused(10, 0, 2)])
    bound = in_parallel(costed, costed.groups)
    assert [step.layers for step in bound.steps] == [(1,), (0, 2)]
    assert bound.starts_ns == (0, 10)
    assert [step.layers for step in bound.path] == [(1,), (0, 2)]
    assert bound.total_ns == longest_path_ns(costed, costed.groups) == 20


def test_steps_begin_as_early_as_they_can() -> None:
    bound = in_parallel(network([1, 5, 3, 2], {1: [0], 2: [0], 3: [1, 2]}))
    assert bound.starts_ns == (0, 1, 1, 6)
    assert bound.widths == ((0, 1), (1, 2), (4, 1), (8, 0))
    assert [step.layers for step in bound.path] == [(0,), (1,), (3,)]


@given(st.lists(st.integers(0, 9), max_size=6))
def test_a_chain_is_the_same_both_ways(costs) -> None:
    costed = network(costs)
    assert in_parallel(costed).total_ns == in_sequence(costed).total_ns == sum(costs)
