from __future__ import annotations

import pytest
from costed_networks import fused, network
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import BoundError, GraphError, Problems
from dlscope.methods.bounds.costed import (
    Cost,
    Costed,
    CostedLayer,
    FusedGroup,
    cheapest,
    view,
)


def test_the_cheapest_way_of_a_layer_counts() -> None:
    costed = network([[Cost(7, "ort", evidence="r1"), Cost(5, "torch", evidence="r2")]])
    assert costed.best_ns == {0: 5}
    assert costed.by_id[0].best.evidence == "r2"


@given(st.permutations([Cost(5, "a"), Cost(5, "b"), Cost(5, "a", "direct"), Cost(6, "a")]))
def test_of_equal_costs_it_is_always_the_same_one(costs) -> None:
    assert cheapest(costs) == Cost(5, "a")


def test_nothing_is_cheapest_of_nothing() -> None:
    assert cheapest([]) is None


def test_a_view_is_free() -> None:
    assert network([[view()]]).best_ns == {0: 0}


def test_a_family_vouches_for_its_implementations() -> None:
    assert Cost(1, "torch_nhwc", family="onednn").source == "onednn"
    assert Cost(1, "ort").source == "ort"


def test_a_group_gains_what_it_saves() -> None:
    costed = network([4, 4], groups=[fused(5, 0, 1), fused(9, 0, 1)])
    assert [costed.gain_ns(group) for group in costed.groups] == [3, 0]


def test_a_group_without_a_measurement_gains_nothing() -> None:
    costed = network([4, 4], groups=[FusedGroup("fused", (0, 1))])
    assert costed.gain_ns(costed.groups[0]) == 0


def test_only_admissible_costs_are_kept_of_layers_and_groups() -> None:
    both = [Cost(2, "ort"), Cost(1, "torch", dtype="bfloat16")]
    group = FusedGroup("pair", (0, 1), (Cost(1, "own", dtype="bfloat16"),))
    costed = network([both, both, [view()]], groups=[group])
    exact = costed.admitting(lambda cost: cost.dtype == "float32" and cost.implementation != "view")
    assert exact.best_ns == {0: 2, 1: 2, 2: 0}
    assert exact.gain_ns(exact.groups[0]) == 0
    assert costed.gain_ns(costed.groups[0]) == 1


def test_layers_that_have_no_admissible_cost_are_named() -> None:
    costed = network([[Cost(2, "ort")], [Cost(1, "torch")]])
    with pytest.raises(BoundError, match=r"1 layer has no measurement: b \(B\)"):
        costed.admitting(lambda cost: cost.implementation == "ort")


def test_every_layer_without_a_measurement_is_named() -> None:
    with pytest.raises(BoundError) as refusal:
        network([1, [], 1, []])
    assert str(refusal.value) == (
        "BoundError: 2 layers have no measurement: b (B), d (D)\n"
        "  where  net\n"
        "  fix    measure them, or admit more implementations and types"
    )


def test_one_layer_without_a_measurement_is_named() -> None:
    with pytest.raises(BoundError) as refusal:
        CostedLayer(0, "a", "A", ()).best  # noqa: B018 (reading it raises)
    assert refusal.value.what == "1 layer has no measurement: a (A)"


def test_negative_costs_are_refused() -> None:
    with pytest.raises(BoundError) as refusal:
        network([1, -1], groups=[fused(-2, 0, 1)])
    assert str(refusal.value) == (
        "BoundError: costs below 0 ns: b, fused (a, b)\n"
        "  where  net\n"
        "  fix    measure again: the overhead that was taken off is larger than the time"
    )


@pytest.mark.parametrize(
    ("layers", "named"), [((0,), "a"), ((), ""), ((0, 0), "a, a"), ((0, 9), "a, 9")]
)
def test_a_group_is_two_or_more_layers(layers, named) -> None:
    with pytest.raises(BoundError) as refusal:
        network([1, 1], groups=[fused(1, *layers)])
    assert str(refusal.value) == (
        f"BoundError: fused ({named}) is not two or more different layers\n"
        "  where  net\n"
        "  fix    give the ids of the layers that are fused, each once"
    )


@pytest.mark.parametrize(
    "before",
    [
        {1: [0], 2: [0]},  # c needs what is inside
        {2: [0]},  # b needs nothing of a
        {2: [1]},  # a gives a graph output
        {0: [1], 2: [0]},  # the last one comes before the first
    ],
)
def test_nothing_may_be_taken_from_inside_a_group(before) -> None:
    with pytest.raises(BoundError) as refusal:
        network([1, 1, 1], before, [fused(1, 0, 1)])
    assert str(refusal.value) == (
        "BoundError: fused (a, b) cannot be fused: others need what is inside: a\n"
        "  where  net\n"
        "  fix    end the group at a layer whose output others take"
    )


def test_what_forks_and_joins_inside_a_group_can_be_fused() -> None:
    """x · f(x): two layers take the head, and all of it comes out of the last."""
    costed = network([1, 1, 1], {1: [0], 2: [0, 1]}, [fused(2, 0, 1, 2)])
    assert costed.gain_ns(costed.groups[0]) == 1


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(Problems) as refusal:
        network([-1, []], groups=[fused(1, 0)])
    assert [problem.what for problem in refusal.value.problems] == [
        "1 layer has no measurement: b (B)",
        "costs below 0 ns: a",
        "fused (a) is not two or more different layers",
    ]


def test_a_circle_is_refused() -> None:
    layers = network([1, 1]).layers
    with pytest.raises(GraphError, match="in a circle: 1, 0"):
        Costed("net", layers, {0: (1,), 1: (0,)})
