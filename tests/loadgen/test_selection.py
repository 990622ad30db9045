from __future__ import annotations

import itertools
from collections import Counter

import pytest

from dlscope.loadgen.selection import sample_indices


def _first(count: int, loaded: int, seed: int, *, equal_issue: bool = False) -> list[int]:
    return list(itertools.islice(sample_indices(loaded, seed, equal_issue=equal_issue), count))


@pytest.mark.parametrize("equal_issue", [False, True])
def test_the_same_seed_gives_the_same_indices(equal_issue: bool) -> None:
    one = _first(9000, 50, 7, equal_issue=equal_issue)
    assert one == _first(9000, 50, 7, equal_issue=equal_issue)
    assert one != _first(9000, 50, 8, equal_issue=equal_issue)


@pytest.mark.parametrize("equal_issue", [False, True])
def test_indices_are_plain_integers_below_the_number_loaded(equal_issue: bool) -> None:
    indices = _first(9000, 13, 3, equal_issue=equal_issue)
    assert {type(index) for index in indices} == {int}
    assert set(indices) == set(range(13))


def test_equal_issue_asks_each_sample_once_per_permutation() -> None:
    indices = _first(40, 8, 5, equal_issue=True)
    rounds = [indices[at : at + 8] for at in range(0, 40, 8)]
    assert [sorted(each) for each in rounds] == [list(range(8))] * 5
    assert len({tuple(each) for each in rounds}) == 5


def test_without_equal_issue_samples_are_drawn_uniformly_with_replacement() -> None:
    count, loaded = 40_000, 20
    counts = Counter(_first(count, loaded, 11))
    expected = count / loaded
    chi_squared = sum((counts[index] - expected) ** 2 / expected for index in range(loaded))
    # 19 degrees of freedom: 99.9 % lie below 43.8, and permutations would give nearly 0.
    assert 4 < chi_squared < 43.8


def test_one_loaded_sample_is_asked_again_and_again() -> None:
    assert _first(3, 1, 0) == _first(3, 1, 0, equal_issue=True) == [0, 0, 0]
