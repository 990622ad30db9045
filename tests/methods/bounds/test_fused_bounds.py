from __future__ import annotations

from costed_networks import disjoint_choices, fused, network, networks, with_groups
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.bound import in_sequence, longest_path_ns
from dlscope.methods.bounds.costed import Cost, FusedGroup
from dlscope.methods.bounds.fused_bounds import fused_parallel_bound, fused_sequential_bound
from dlscope.methods.bounds.fusion_choice import EXACT_UP_TO
from dlscope.methods.bounds.lower_bounds import parallel_bound, sequential_bound


def test_a_group_that_lengthens_the_path_is_left_out_of_the_parallel_bound() -> None:
    """A 10 and C 10, both into B 1, and A with B 10.5; here in ps."""
    costed = network([10_000, 10_000, 1_000], {2: [0, 1]}, [fused(10_500, 0, 2)])
    assert sequential_bound(costed).total_ns == 21_000
    assert parallel_bound(costed).total_ns == 11_000
    assert fused_sequential_bound(costed).total_ns == 20_500
    assert longest_path_ns(costed, costed.groups) == 20_500
    assert fused_parallel_bound(costed).total_ns == 11_000


def test_the_best_groups_of_a_chain_are_taken() -> None:
    """Gains ab 5, bc 6, cd 5: without bc 10, with it 6."""
    costed = network([10, 10, 10, 10], groups=[fused(15, 0, 1), fused(14, 1, 2), fused(15, 2, 3)])
    bound = fused_sequential_bound(costed)
    assert (bound.total_ns, bound.method) == (30, "exact")
    assert [step.layers for step in bound.steps] == [(0, 1), (2, 3)]
    assert fused_parallel_bound(costed).total_ns == 30


def test_groups_are_also_tried_one_by_one() -> None:
    """A 100 and C 200 into B 10, and twice D 150 into E 150.

    Fusing A and B lengthens the path; fusing one D and E alone leaves it as it is.
    """
    groups = [fused(105, 0, 2), fused(250, 3, 4), fused(250, 5, 6)]
    costs = [100, 200, 10, *[150] * 4]
    costed = network(costs, {2: [0, 1], 4: [3], 6: [5]}, groups)
    assert longest_path_ns(costed) == 300
    assert longest_path_ns(costed, costed.groups) == 305
    bound = fused_parallel_bound(costed)
    assert (bound.total_ns, bound.method) == (250, "three choices")
    assert [step.layers for step in bound.path] == [(5, 6)]
    assert len(bound.steps) == len(costs) - 2


def test_groups_beside_the_heaviest_path_are_fused_too() -> None:
    costed = network([50, 10, 10], {2: [1]}, [fused(15, 1, 2)])
    bound = fused_parallel_bound(costed)
    assert bound.total_ns == 50
    assert [step.layers for step in bound.steps] == [(0,), (1, 2)]


def test_a_group_that_is_slower_than_its_layers_is_not_taken() -> None:
    costed = network([2, 2], groups=[fused(5, 0, 1)])
    assert fused_sequential_bound(costed).total_ns == fused_parallel_bound(costed).total_ns == 4


def test_a_group_without_a_measurement_is_not_taken() -> None:
    costed = network([2, 2], groups=[FusedGroup("fused", (0, 1))])
    assert fused_sequential_bound(costed).total_ns == 4
    assert fused_parallel_bound(costed).method == "exact"


def test_the_cheapest_way_of_a_group_counts() -> None:
    group = FusedGroup(
        "pair", (0, 1), (Cost(3, "ort", evidence="r1"), Cost(2, "own", evidence="r2"))
    )
    (step,) = fused_sequential_bound(network([2, 2], groups=[group])).steps
    assert (step.pattern, step.cost.evidence) == ("pair", "r2")


def test_too_many_overlapping_groups_are_marked_greedy() -> None:
    """Many layers into one sum, which can be fused to any of them."""
    for count, method in ((EXACT_UP_TO, "exact"), (EXACT_UP_TO + 1, "greedy")):
        groups = [fused(7 + index, index, count) for index in range(count)]
        costed = network([20] * (count + 1), {count: range(count)}, groups)
        bound = fused_sequential_bound(costed)
        assert (bound.total_ns, bound.method) == (20 * (count - 1) + 7, method)


@given(networks())
def test_fused_bounds_are_at_most_the_others(costed) -> None:
    sequential_ns = fused_sequential_bound(costed).total_ns
    parallel_ns = fused_parallel_bound(costed).total_ns
    assert sequential_ns <= sequential_bound(costed).total_ns
    assert parallel_ns <= parallel_bound(costed).total_ns
    assert parallel_ns <= sequential_ns


@given(networks())
def test_no_choice_of_groups_gives_a_smaller_sum(costed) -> None:
    bound = fused_sequential_bound(costed)
    sums = [
        in_sequence(costed, groups).total_ns
        for groups in disjoint_choices(costed)
        if all(map(costed.gain_ns, groups))
    ]
    assert bound.method == "exact"
    assert bound.total_ns == min(sums)


@given(networks())
def test_the_path_is_one_of_those_of_all_choices(costed) -> None:
    paths = {
        longest_path_ns(costed, groups)
        for groups in disjoint_choices(costed)
        if all(map(costed.gain_ns, groups))
    }
    assert fused_parallel_bound(costed).total_ns in paths


@given(networks(), st.data())
def test_one_more_pattern_never_raises_the_sum(costed, data) -> None:
    if not costed.groups:
        return
    one = data.draw(st.sampled_from(costed.groups))
    fewer = with_groups(costed, [group for group in costed.groups if group is not one])
    assert fused_sequential_bound(costed).total_ns <= fused_sequential_bound(fewer).total_ns


@given(networks())
def test_every_layer_is_in_one_step(costed) -> None:
    for steps in (fused_sequential_bound(costed).steps, fused_parallel_bound(costed).steps):
        layers = sorted(layer for step in steps for layer in step.layers)
        assert layers == list(range(len(costed.layers)))
