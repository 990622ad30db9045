"""Fewest edits between two sequences, and their longest common subsequence.

Both walk the table of prefixes row by row; within a row the dependence on the entry to the left is
a running minimum (or maximum), so that a row is a few array operations.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Edits(NamedTuple):
    """Edits that turn a reference into a hypothesis, and the length of the reference."""

    substitutions: int
    deletions: int
    insertions: int
    length: int

    @property
    def errors(self) -> int:
        """All edits: the Levenshtein distance."""
        return self.substitutions + self.deletions + self.insertions


def edits(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> Edits:
    """The fewest edits from `reference` to `hypothesis` (Levenshtein 1966).

    Among alignments with equally few edits the one with most substitutions counts, so the three
    numbers are determined.
    """
    a, b = _numbered(reference, hypothesis)
    # One edit costs `unit`, a gap one more: fewest edits first, fewest gaps among those.
    unit = len(a) + len(b) + 1
    gap = unit + 1
    ramp = np.arange(len(b) + 1, dtype=np.int64) * gap
    row = ramp.copy()
    for i, symbol in enumerate(a, start=1):
        above = np.empty_like(row)
        above[0] = i * gap
        above[1:] = np.minimum(row[:-1] + np.where(b == symbol, 0, unit), row[1:] + gap)
        row = np.minimum.accumulate(above - ramp) + ramp
    errors, gaps = divmod(int(row[-1]), unit)
    # Insertions less deletions is what the hypothesis is longer by.
    insertions = (gaps + len(b) - len(a)) // 2
    return Edits(errors - gaps, gaps - insertions, insertions, len(a))


def common_length(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence, 0 when either is empty."""
    first, second = _numbered(a, b)
    row = np.zeros(len(second) + 1, dtype=np.int64)
    for symbol in first:
        longer = row.copy()
        longer[1:] = np.maximum(row[1:], row[:-1] + (second == symbol))
        row = np.maximum.accumulate(longer)
    return int(row[-1])


def _numbered(
    a: Sequence[Hashable], b: Sequence[Hashable]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both sequences with equal symbols as equal numbers."""
    number: dict[Hashable, int] = {}
    numbered = [[number.setdefault(each, len(number)) for each in side] for side in (a, b)]
    return np.array(numbered[0], dtype=np.int64), np.array(numbered[1], dtype=np.int64)
