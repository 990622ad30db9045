"""Which bundles go on: classes of equal resources, and in each those that none is better than."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Point: TypeAlias = tuple[float, ...]
"""Figures of which less is better."""


def classes(resources: Sequence[float], count: int) -> list[int]:
    """The class of each, from 0: `count` classes with as many members each, by what they take.

    >>> classes([5.0, 1.0, 3.0, 4.0, 2.0, 6.0], 3)
    [2, 0, 1, 1, 0, 2]
    >>> classes([7.0, 7.0, 7.0], 3)
    [0, 0, 0]
    """
    if not resources:
        return []
    values = np.asarray(resources, dtype=np.float64)
    bounds = np.quantile(values, np.arange(1, count) / count)
    return [int(each) for each in np.searchsorted(bounds, values, side="left")]


def non_dominated(points: Sequence[Point]) -> list[bool]:
    """Whether no other point is as good in all figures and better in one.

    >>> non_dominated([(1.0, 3.0), (2.0, 2.0), (2.0, 3.0), (1.0, 3.0)])
    [True, True, False, True]
    """
    return [not any(_dominates(other, point) for other in points) for point in points]


def in_turns(kinds: Sequence[int], values: Sequence[float], most: int) -> list[int]:
    """Places of at most `most`: of each class the one of highest value, then the next of each.

    >>> in_turns([0, 0, 1], [0.1, 0.2, 0.0], 2)
    [1, 2]
    """
    ranked: dict[int, list[int]] = {}
    for place in sorted(range(len(values)), key=lambda each: (-values[each], each)):
        ranked.setdefault(kinds[place], []).append(place)
    rows = [(rank, kind, place) for kind, own in ranked.items() for rank, place in enumerate(own)]
    return [place for _, _, place in sorted(rows)][:most]


def _dominates(a: Point, b: Point) -> bool:
    pairs = list(zip(a, b, strict=True))
    return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)
