"""`front`: the designs that none is better than in both; `spread`, few that stand for all.

Points are (loss, time), less of either is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from dlscope.methods.codesign.measures import hypervolume as measured

Point: TypeAlias = tuple[float, float]
_MARGIN = 1.1


def front(points: Sequence[Point]) -> list[int]:
    """Places of the points that no other is as good as in both and better in one, by time.

    Of equal points the first is kept.

    >>> front([(3, 1), (1, 3), (2, 2), (3, 3), (1, 3)])
    [0, 2, 1]
    """
    places: list[int] = measured.front([(time, loss) for loss, time in points]).tolist()
    return places


def spread(points: Sequence[Point], count: int) -> list[int]:
    """Places of at most `count` points, those first that add most to the area that all dominate.

    The area reaches to a tenth beyond the worst of the points in either direction.
    """
    if not points:
        return []
    reference = (max(p[0] for p in points) * _MARGIN, max(p[1] for p in points) * _MARGIN)
    left, chosen = front(points), list[int]()
    while left and len(chosen) < count:
        best = max(left, key=lambda place: _with(points, [*chosen, place], reference))
        chosen.append(best)
        left.remove(best)
    return chosen


def _with(points: Sequence[Point], chosen: Sequence[int], reference: Point) -> float:
    return measured.hypervolume([points[place] for place in chosen], reference)
