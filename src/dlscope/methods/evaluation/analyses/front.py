"""The Pareto front of points that are judged by two numbers, both larger is better."""

from __future__ import annotations

import math
from collections.abc import Sequence

Pair = tuple[float, float]


def front(pairs: Sequence[Pair]) -> tuple[bool, ...]:
    """Whether no other pair is at least as good in both numbers and better in one.

    Equal pairs stand together: all of them on the front, or none.
    """
    best: dict[float, float] = {}
    for first, second in pairs:
        best[first] = max(second, best.get(first, -math.inf))
    kept: set[Pair] = set()
    most = -math.inf
    for first in sorted(best, reverse=True):
        if best[first] > most:
            most = best[first]
            kept.add((first, most))
    return tuple(pair in kept for pair in pairs)
