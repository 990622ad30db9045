from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.profiling.alignment import aligned

words = st.text("abc", max_size=12)


def length(first: str, second: str) -> int:
    """Length of a longest common subsequence, by the textbook's recurrence."""
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, j in itertools.product(range(len(first)), range(len(second))):
        longer = max(table[i][j + 1], table[i + 1][j])
        table[i + 1][j + 1] = table[i][j] + 1 if first[i] == second[j] else longer
    return table[-1][-1]


@given(words, words)
def test_is_a_common_subsequence_and_none_is_longer(first: str, second: str) -> None:
    pairs = aligned(first, second)
    assert all(first[i] == second[j] for i, j in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))
    assert len(pairs) == length(first, second)


@given(words)
def test_a_sequence_is_aligned_with_itself_place_by_place(word: str) -> None:
    assert aligned(word, word) == tuple((place, place) for place in range(len(word)))


def test_what_is_missing_in_the_middle_moves_what_comes_after() -> None:
    assert aligned("abcde", "abde") == ((0, 0), (1, 1), (3, 2), (4, 3))
    assert aligned("abde", "abcde") == ((0, 0), (1, 1), (2, 3), (3, 4))


def test_nothing_is_aligned_with_nothing() -> None:
    assert aligned("", "") == ()
    assert aligned("ab", "") == ()
    assert aligned("ab", "cd") == ()


def test_of_equal_parts_the_first_are_paired() -> None:
    assert aligned("aaa", "aa") == ((0, 0), (1, 1))


def test_anything_that_can_be_told_apart_is_aligned() -> None:
    assert aligned([("conv", 3), ("conv", 1)], [("conv", 1)]) == ((1, 0),)
