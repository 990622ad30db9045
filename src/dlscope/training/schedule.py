"""Learning rates and temperatures over the course of a training: functions of its progress, 0…1.

All are plain arithmetic, so that a resumed training has the value that an uninterrupted one has.
"""

from __future__ import annotations

import math
from typing import Any


def cosine(progress: float, first: float, last: float = 0.0, *, warm_up: float = 0.0) -> float:
    """From `first` down to `last` along half a cosine, after a linear rise over `warm_up`.

        last + (first − last) · (1 + cos π·p) / 2

    >>> [round(cosine(each, 1.0, 0.0), 3) for each in (0.0, 0.25, 0.5, 1.0)]
    [1.0, 0.854, 0.5, 0.0]
    """
    if progress < warm_up:
        return first * progress / warm_up
    share = (progress - warm_up) / (1 - warm_up) if warm_up < 1 else 1.0
    return last + (first - last) * (1 + math.cos(math.pi * _within(share))) / 2


def geometric(progress: float, first: float, last: float) -> float:
    """From `first` to `last`, both above 0, by equal ratios.

    >>> geometric(0.5, 4.0, 1.0)
    2.0
    """
    return float(first * (last / first) ** _within(progress))


def decayed(steps: float, first: float, last: float, decay: float) -> float:
    """`first` times `decay` for each of `steps`, never below `last`.

    >>> decayed(2, 5.0, 0.3, 0.5)
    1.25
    """
    return max(last, float(first * decay**steps))


def polynomial(progress: float, first: float, last: float = 0.0, power: float = 0.9) -> float:
    """From `first` to `last` along (1 − p)^power.

    >>> polynomial(0.5, 1.0, power=2.0)
    0.25
    """
    return float(last + (first - last) * (1 - _within(progress)) ** power)


def set_rate(optimizer: Any, rate: float) -> None:
    """Give every group of a torch optimizer the learning rate `rate`."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
