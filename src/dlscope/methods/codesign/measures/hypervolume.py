"""`hypervolume` of points that are better the lower both coordinates are; `front`, `gains`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlscope.core.errors import SearchError

_COORDINATES = 2


def front(points: ArrayLike) -> NDArray[np.int64]:
    """Rows of `points` [B, 2] that no other is at least as good as in both, by the first one.

    Of equal points the first counts.
    """
    each = _checked(points)
    order = np.lexsort((np.arange(len(each)), each[:, 1], each[:, 0]))
    seconds = each[order, 1]
    least_before = np.concatenate([[np.inf], np.minimum.accumulate(seconds)[:-1]])
    return np.asarray(order[seconds < least_before], dtype=np.int64)


def hypervolume(points: ArrayLike, reference: tuple[float, float]) -> float:
    """The area between `points` and `reference`: what at least one of them is better than.

    A point that is not better than the reference in both adds nothing.

    >>> hypervolume([(1.0, 3.0), (2.0, 1.0)], reference=(4.0, 4.0))
    7.0
    """
    each = _checked(points)
    inside = each[np.all(each < np.asarray(reference), axis=1)]
    steps = inside[front(inside)]
    right = np.append(steps[1:, 0], reference[0])
    return float(np.sum((right - steps[:, 0]) * (reference[1] - steps[:, 1])))


def gains(
    points: ArrayLike, known: ArrayLike, reference: tuple[float, float]
) -> NDArray[np.float64]:
    """What each of `points` [B, 2] by itself would add to the hypervolume of `known`, [B].

    >>> gains([(1.0, 3.0), (3.0, 3.0)], [(2.0, 1.0)], reference=(4.0, 4.0)).tolist()
    [1.0, 0.0]
    """
    each, others = _checked(points), _checked(known)
    inside = others[np.all(others < np.asarray(reference), axis=1)]
    steps = inside[front(inside)]
    left = np.concatenate([[-np.inf], steps[:, 0]])
    right = np.append(steps[:, 0], reference[0])
    heights = np.concatenate([[reference[1]], steps[:, 1]])
    widths = np.maximum(right - np.maximum(left, each[:, :1]), 0.0)
    return np.asarray((widths * np.maximum(heights - each[:, 1:], 0.0)).sum(axis=1))


def _checked(points: ArrayLike) -> NDArray[np.float64]:
    each = np.asarray(points, dtype=np.float64).reshape(-1, _COORDINATES)
    if np.isnan(each).any():
        raise SearchError(
            "a point of a front is not a number",
            where="hypervolume",
            fix="leave out designs without a loss or a time",
        )
    return each
