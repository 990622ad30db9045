from __future__ import annotations

from costed_networks import network, networks
from hypothesis import given

from dlscope.methods.bounds.branches import branch_sets
from dlscope.methods.bounds.lower_bounds import parallel_bound, sequential_bound


def test_a_chain_has_no_branches() -> None:
    assert branch_sets(parallel_bound(network([3, 4, 5]))) == ()


def test_what_runs_beside_the_path_is_saved() -> None:
    # a forks into b 5 and c 3, which join in d.
    fork = network([1, 5, 3, 1], {1: [0], 2: [0], 3: [1, 2]})
    (found,) = branch_sets(parallel_bound(fork))
    assert [step.layers for step in found.steps] == [(2,)]
    assert [step.layers for step in found.beside] == [(1,)]
    assert (found.start_ns, found.end_ns, found.saved_ns) == (1, 4, 3)


def test_sets_that_follow_one_another_are_apart_the_most_saved_first() -> None:
    twice = network(
        [1, 5, 3, 1, 9, 7, 1],
        {1: [0], 2: [0], 3: [1, 2], 4: [3], 5: [3], 6: [4, 5]},
    )
    found = branch_sets(parallel_bound(twice))
    assert [[step.layers for step in each.steps] for each in found] == [[(5,)], [(2,)]]
    assert [each.saved_ns for each in found] == [7, 3]


@given(networks())
def test_sets_save_what_sequence_takes_over_the_path(costed) -> None:
    parallel = parallel_bound(costed)
    saved = sum(each.saved_ns for each in branch_sets(parallel))
    assert saved == sequential_bound(costed).total_ns - parallel.total_ns
