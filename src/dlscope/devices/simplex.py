"""`minimise`: the downhill simplex of Nelder and Mead, for a few numbers without slopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from dlscope.devices.base import Floats

Function: TypeAlias = Callable[[Floats], float]
_STEP, _STEPS = 0.25, 600
_SAME_VALUE, _SAME_POINT = 1e-12, 1e-8


def minimise(function: Function, starts: Sequence[Sequence[float]]) -> tuple[Floats, float]:
    """The lowest point that is found downhill from any of `starts`, and the value there."""
    found = [_descended(function, np.asarray(start, dtype=np.float64)) for start in starts]
    return min(found, key=lambda pair: pair[1])


def _descended(function: Function, start: Floats) -> tuple[Floats, float]:
    corners = np.vstack([start, start + _STEP * np.eye(len(start))])
    values = np.array([function(corner) for corner in corners])
    for _ in range(_STEPS):
        order = np.argsort(values, kind="stable")
        corners, values = corners[order], values[order]
        # Corners around a bottom can be equally high and far apart.
        is_level = values[-1] - values[0] <= _SAME_VALUE * (1 + abs(values[0]))
        if is_level and np.ptp(corners, axis=0).max() <= _SAME_POINT:
            break
        _step(function, corners, values)
    best = int(np.argmin(values))
    return corners[best], float(values[best])


def _step(function: Function, corners: Floats, values: Floats) -> None:
    """Replace the worst corner, the last, by one beyond or before the others; else shrink."""
    center, worst = corners[:-1].mean(axis=0), corners[-1]
    for reach in _reaches(function, center, worst, values):
        corner = center + reach * (center - worst)
        value = function(corner)
        if value < values[-1]:
            corners[-1], values[-1] = corner, value
            return
    corners[1:] = (corners[0] + corners[1:]) / 2
    values[1:] = [function(corner) for corner in corners[1:]]


def _reaches(function: Function, center: Floats, worst: Floats, values: Floats) -> Sequence[float]:
    """How far to go through the center: twice where once is the best yet, else once, then half."""
    once = function(center + (center - worst))
    if once < values[0] and function(center + 2 * (center - worst)) < once:
        return (2.0,)
    return (1.0,) if once < values[-2] else (0.5, -0.5)
