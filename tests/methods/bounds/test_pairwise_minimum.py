from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.pairwise_minimum import Pairwise, minimum

CHAIN = {(index, index + 1) for index in range(6)}
RING = {*CHAIN, (0, 6)}
STAR = {(0, index) for index in range(1, 6)}
# A fork from 0 to four branches that join in 5.
BRANCHES = {pair for index in range(1, 5) for pair in ((0, index), (index, 5))}
# Every variable of a complete graph of five is paired with four: none can be taken out.
COMPLETE = set(itertools.combinations(range(5), 2))


@st.composite
def problems(draw: st.DrawFn, pairs: set[tuple[int, int]] | None = None, most: int = 6) -> Pairwise:
    """Up to three choices a variable, costs up to 9, some pairs of choices forbidden."""
    count = max(map(max, pairs)) + 1 if pairs else draw(st.integers(0, most))
    problem = Pairwise()
    for _ in range(count):
        problem.add(draw(st.lists(st.integers(0, 9), min_size=1, max_size=3)))
    possible = sorted(pairs or itertools.combinations(range(count), 2))
    chosen = possible if pairs else draw(st.lists(st.sampled_from(possible))) if possible else []
    for first, second in chosen:
        shape = problem.single[first].size, problem.single[second].size
        cells = draw(st.lists(st.integers(0, 9), min_size=shape[0] * shape[1]))
        costs = np.array(cells[: shape[0] * shape[1]], dtype=np.float64).reshape(shape)
        costs[costs == 9] = np.inf
        costs[0, 0] = 4.0  # choosing 0 everywhere is always allowed
        problem.add_pair(first, second, costs)
    return problem


def all_choices(problem: Pairwise) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(each.size) for each in problem.single)))


def zeros(problem: Pairwise) -> list[int]:
    return [0] * len(problem.single)


def test_a_pair_is_added_up_from_both_sides() -> None:
    problem = Pairwise()
    first, second = problem.add([1, 2]), problem.add([10, 20])
    problem.add_pair(first, second, np.array([[5.0, 0.0], [0.0, 5.0]]))
    problem.add_pair(second, first, np.array([[0.0, 1.0], [2.0, 0.0]]))
    problem.add_single(first, np.array([0.0, 100.0]))
    assert problem.partners(first)[second].tolist() == [[5, 2], [1, 5]]
    assert problem.partners(second)[first].tolist() == [[5, 1], [2, 5]]
    assert problem.cost([0, 1]) == 1 + 20 + 2
    assert problem.cost([1, 0]) == 102 + 10 + 1


def test_the_cheaper_pair_beats_the_cheaper_choices() -> None:
    problem = Pairwise()
    first, second = problem.add([0, 3]), problem.add([3, 0])
    problem.add_pair(first, second, np.array([[9.0, 9.0], [9.0, 1.0]]))
    assert minimum(problem, [(0, 0)]).choices == (1, 1)


def test_nothing_to_choose() -> None:
    assert minimum(Pairwise(), []).choices == ()


def test_solving_leaves_the_problem_as_it_was() -> None:
    problem = Pairwise()
    first, second = problem.add([0, 3]), problem.add([3, 0])
    problem.add_pair(first, second, np.eye(2))
    before = [problem.cost(choices) for choices in all_choices(problem)]
    minimum(problem, [])
    assert [problem.cost(choices) for choices in all_choices(problem)] == before


def test_a_seed_survives_though_the_beam_goes_elsewhere() -> None:
    """In a complete graph 0 looks cheap until the last variable forbids it."""
    problem = Pairwise()
    for cost in (1, 1, 1, 1, 0):
        problem.add([0, cost])
    for first, second in COMPLETE:
        is_last = second == 4
        problem.add_pair(first, second, np.diag([50.0 if is_last else 0.0, 0.0]))
    problem.add_single(4, np.array([0.0, 300.0]))
    unseeded, seeded = minimum(problem, [], beam=1), minimum(problem, [(1, 1, 1, 1, 0)], beam=1)
    assert problem.cost(unseeded.choices) == 200
    assert problem.cost(seeded.choices) == 4
    assert not unseeded.is_exact
    assert not seeded.is_exact
    assert minimum(problem, []).is_exact


@given(st.one_of(problems(CHAIN), problems(RING), problems(STAR), problems(BRANCHES)))
def test_chains_and_series_parallel_graphs_are_exact_without_a_beam(problem) -> None:
    found = minimum(problem, [zeros(problem)], beam=0)
    assert found.is_exact
    assert problem.cost(found.choices) == min(map(problem.cost, all_choices(problem)))


@given(problems())
def test_a_wide_beam_is_exact_on_any_graph(problem) -> None:
    found = minimum(problem, [], beam=10_000)
    assert found.is_exact
    assert problem.cost(found.choices) == min(map(problem.cost, all_choices(problem)))


@given(problems(COMPLETE), st.integers(1, 4), st.data())
def test_a_narrow_beam_is_never_worse_than_its_seeds(problem, beam, data) -> None:
    allowed = [each for each in all_choices(problem) if np.isfinite(problem.cost(each))]
    seeds = data.draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=3))
    found = minimum(problem, seeds, beam=beam)
    cost = problem.cost(found.choices)
    least = min(map(problem.cost, allowed))
    assert least <= cost <= min(map(problem.cost, seeds))
    assert not found.is_exact or cost == least
