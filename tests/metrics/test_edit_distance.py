from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.metrics.edit_distance import Edits, common_length, edits

words = st.text(alphabet="abc", max_size=7)


def slow_edits(a: str, b: str) -> tuple[int, int, int]:
    """Substitutions, deletions, insertions by trying every alignment."""

    @cache
    def best(i: int, j: int) -> tuple[int, int, int, int]:
        if i == len(a) or j == len(b):
            deleted, inserted = len(a) - i, len(b) - j
            return deleted + inserted, deleted + inserted, deleted, inserted
        same = int(a[i] != b[j])
        kept, gone, come = best(i + 1, j + 1), best(i + 1, j), best(i, j + 1)
        return min(
            (kept[0] + same, *kept[1:]),
            (gone[0] + 1, gone[1] + 1, gone[2] + 1, gone[3]),
            (come[0] + 1, come[1] + 1, come[2], come[3] + 1),
        )

    errors, gaps, deletions, insertions = best(0, 0)
    return errors - gaps, deletions, insertions


def slow_common_length(a: str, b: str) -> int:
    @cache
    def best(i: int, j: int) -> int:
        if i == len(a) or j == len(b):
            return 0
        if a[i] == b[j]:
            return 1 + best(i + 1, j + 1)
        return max(best(i + 1, j), best(i, j + 1))

    return best(0, 0)


@given(words, words)
def test_agrees_with_trying_every_alignment(a: str, b: str) -> None:
    found = edits(a, b)
    assert (found.substitutions, found.deletions, found.insertions) == slow_edits(a, b)
    assert found.length == len(a)
    assert common_length(a, b) == slow_common_length(a, b)


@given(words, words)
def test_the_way_back_has_as_many_edits(a: str, b: str) -> None:
    there, back = edits(a, b), edits(b, a)
    assert there.substitutions == back.substitutions
    assert (there.deletions, there.insertions) == (back.insertions, back.deletions)
    assert common_length(a, b) == common_length(b, a)


@given(words, words, words)
def test_a_detour_is_never_shorter(a: str, b: str, c: str) -> None:
    assert edits(a, c).errors <= edits(a, b).errors + edits(b, c).errors


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("kitten", "sitting", Edits(2, 0, 1, 6)),
        ("intention", "execution", Edits(5, 0, 0, 9)),
        ("abc", "", Edits(0, 3, 0, 3)),
        ("", "ab", Edits(0, 0, 2, 0)),
        ("", "", Edits(0, 0, 0, 0)),
        (["the", "cat"], ["the", "big", "cat"], Edits(0, 0, 1, 2)),
    ],
)
def test_known_cases(reference, hypothesis, expected: Edits) -> None:
    assert edits(reference, hypothesis) == expected


def test_long_sequences() -> None:
    assert edits("ab" * 500, "ba" * 500).errors == 2
    assert common_length("ab" * 500, "ba" * 500) == 999
