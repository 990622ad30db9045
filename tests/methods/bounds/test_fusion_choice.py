from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.fusion_choice import EXACT_UP_TO, Candidate, most_gain

CANDIDATES = st.lists(
    st.builds(Candidate, st.integers(-2, 20), st.frozensets(st.integers(0, 9), min_size=1)),
    max_size=9,
)


def best_gain(candidates: list[Candidate]) -> int:
    """The most that any disjoint candidates gain, all of them tried."""
    choices = [(0, frozenset())]
    for each in candidates:
        choices += [
            (gain + each.gain, members | each.members)
            for gain, members in choices
            if members.isdisjoint(each.members)
        ]
    return max(gain for gain, _ in choices)


def gained(candidates: list[Candidate], taken: tuple[int, ...]) -> int:
    return sum(candidates[place].gain for place in taken)


def stars(count: int) -> list[Candidate]:
    """Groups with gaps that all share member 0, so that one can be taken and none is a run."""
    return [Candidate(1 + place, frozenset({0, 2 + 2 * place})) for place in range(count)]


def test_two_small_gains_beat_the_larger_one_between_them() -> None:
    chain = [Candidate(5, frozenset("ab")), Candidate(6, frozenset("bc"))]
    chain.append(Candidate(5, frozenset("cd")))
    numbered = [Candidate(c.gain, frozenset(map(ord, c.members))) for c in chain]
    choice = most_gain(numbered)
    assert choice.taken == (0, 2)
    assert gained(numbered, choice.taken) == 10
    assert choice.method == "exact"


def test_what_gains_nothing_is_not_taken() -> None:
    apart = [Candidate(0, frozenset({0, 1})), Candidate(-3, frozenset({2, 3}))]
    assert most_gain(apart).taken == ()


def test_what_is_in_nobodys_way_is_taken() -> None:
    apart = [Candidate(2, frozenset({0, 1})), Candidate(1, frozenset({5, 9}))]
    assert most_gain(apart).taken == (0, 1)


def test_a_long_chain_is_exact_however_many_overlap() -> None:
    """All runs of 2 to 8 of 60 members: hundreds of candidates, all hanging together."""
    draw = random.Random(5)
    runs = [range(i, i + n) for i in range(60) for n in range(2, 9) if i + n <= 60]
    candidates = [Candidate(draw.randrange(1, 10 * len(run)), frozenset(run)) for run in runs]
    choice = most_gain(candidates)
    assert choice.method == "exact"
    best = [0] * 61
    for end in range(1, 61):
        here = [c for c in candidates if max(c.members) == end - 1]
        best[end] = max([best[end - 1], *(best[min(c.members)] + c.gain for c in here)])
    assert gained(candidates, choice.taken) == best[60]


@pytest.mark.parametrize(("count", "method"), [(EXACT_UP_TO, "exact"), (EXACT_UP_TO + 1, "greedy")])
def test_too_many_that_hang_together_are_chosen_greedily(count, method) -> None:
    choice = most_gain(stars(count))
    assert choice.method == method
    assert choice.taken == (count - 1,)


def test_what_gains_nothing_does_not_make_a_choice_greedy() -> None:
    useless = [Candidate(0, frozenset({0, 500 + 2 * place})) for place in range(EXACT_UP_TO)]
    assert most_gain([*stars(EXACT_UP_TO), *useless]).method == "exact"


def test_greedy_may_miss_the_best_and_says_so() -> None:
    """The largest gain is in the way of two that gain more together."""
    worse = [Candidate(60, frozenset({0, 100, 102}))]
    worse += [Candidate(50, frozenset({100, 200})), Candidate(50, frozenset({102, 202}))]
    choice = most_gain([*stars(EXACT_UP_TO), *worse])
    assert choice.method == "greedy"
    assert gained([*stars(EXACT_UP_TO), *worse], choice.taken) == 60
    exact = most_gain([*stars(2), *worse])
    assert gained([*stars(2), *worse], exact.taken) == 102


def test_apart_from_a_large_conflict_all_is_exact() -> None:
    elsewhere = [Candidate(gain, frozenset({900 + i, 901 + i})) for i, gain in enumerate((5, 6, 5))]
    choice = most_gain([*stars(EXACT_UP_TO + 1), *elsewhere])
    assert choice.taken == (EXACT_UP_TO, EXACT_UP_TO + 1, EXACT_UP_TO + 3)
    assert choice.method == "greedy"


def test_a_full_search_is_short() -> None:
    """Twenty on a ring, each in the way of its two neighbours, all equal: the worst for a bound."""
    ring = [Candidate(1, frozenset({2 * i, 2 * ((i + 1) % 20)})) for i in range(EXACT_UP_TO)]
    choice = most_gain(ring)
    assert (len(choice.taken), choice.method) == (10, "exact")


@given(CANDIDATES)
def test_nothing_gains_more_and_nothing_overlaps(candidates) -> None:
    choice = most_gain(candidates)
    assert choice.method == "exact"
    assert gained(candidates, choice.taken) == best_gain(candidates)
    members = [each for place in choice.taken for each in candidates[place].members]
    assert len(members) == len(set(members))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.integers(1, 20)), max_size=9))
def test_runs_are_exact(runs) -> None:
    candidates = [Candidate(gain, frozenset(range(i, i + n))) for i, n, gain in runs]
    assert gained(candidates, most_gain(candidates).taken) == best_gain(candidates)


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_change_the_gain(candidates, order) -> None:
    shuffled = list(candidates)
    order.shuffle(shuffled)
    one, other = most_gain(candidates), most_gain(shuffled)
    assert gained(candidates, one.taken) == gained(shuffled, other.taken)
