"""The longest common subsequence of two sequences, for structures that are not quite the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Pair = tuple[int, int]


def aligned(first: Sequence[Hashable], second: Sequence[Hashable]) -> tuple[Pair, ...]:
    """Places in `first` and `second` of a longest common subsequence, in order.

    What both begin or end with is paired first. In between the method of Hirschberg (1975): time
    n·m by whole rows, memory n + m.
    """
    numbers: dict[Hashable, int] = {}
    codes = [
        np.array([numbers.setdefault(each, len(numbers)) for each in sequence], dtype=np.int64)
        for sequence in (first, second)
    ]
    return tuple(_pairs(codes[0], codes[1], 0, 0))


def _pairs(first: Codes, second: Codes, at_first: int, at_second: int) -> Iterator[Pair]:
    """The pairs of two parts that begin at these places of the whole."""
    head = _common(first, second)
    yield from ((at_first + place, at_second + place) for place in range(head))
    first, second = first[head:], second[head:]
    at_first, at_second = at_first + head, at_second + head
    tail = _common(first[::-1], second[::-1])
    inner, other = first[: first.size - tail], second[: second.size - tail]
    yield from _between(inner, other, at_first, at_second)
    ends = at_first + inner.size, at_second + other.size
    yield from ((ends[0] + place, ends[1] + place) for place in range(tail))


def _between(first: Codes, second: Codes, at_first: int, at_second: int) -> Iterator[Pair]:
    if not first.size or not second.size:
        return
    if first.size == 1:
        found = np.flatnonzero(second == first[0])
        if found.size:
            yield at_first, at_second + int(found[0])
        return
    half = first.size // 2
    # Where the second is best parted, so that its halves go with those of the first.
    before = _lengths(first[:half], second)
    after = _lengths(first[half:][::-1], second[::-1])[::-1]
    cut = int(np.argmax(before + after))
    yield from _pairs(first[:half], second[:cut], at_first, at_second)
    yield from _pairs(first[half:], second[cut:], at_first + half, at_second + cut)


def _common(first: Codes, second: Codes) -> int:
    """How many places they begin with alike."""
    size = min(first.size, second.size)
    differing = np.flatnonzero(first[:size] != second[:size])
    return int(differing[0]) if differing.size else size


def _lengths(first: Codes, second: Codes) -> Codes:
    """Length of the longest common subsequence of `first` with the first j of `second`, by j."""
    row = np.zeros(second.size + 1, dtype=np.int64)
    for code in first:
        row[1:] = np.maximum.accumulate(np.maximum(row[1:], row[:-1] + (second == code)))
    return row
