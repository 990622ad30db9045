"""Rounds of a walk compared with themselves, so that a machine of changing speed does no harm.

A processor whose other half is busy computes everything more slowly, by up to a factor of 2, for
a moment or for minutes. All models of one round meet nearly the same moment:

    speed of round r = median over models of  t(r, model) / median over rounds of t(·, model)
    levelled t(r, model) = t(r, model) / speed of round r
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
"""Rounds × models, in ns."""

_FEWEST = 5
"""Fewer models than this say too little of a round: one that is slow by itself would hide it."""


def levelled(times: Times) -> Times:
    """`times` as if every round had met the machine at its usual speed.

    Unchanged for fewer than five models.
    """
    if times.shape[1] < _FEWEST:
        return times
    return np.asarray(times / _speeds(times)[:, None])


def spread_of_speed(times: Times) -> float:
    """How much the machine changed: 95th over 5th percentile of the speed of rounds, less 1."""
    if times.shape[1] < _FEWEST:
        return 0.0
    low, high = np.percentile(_speeds(times), [5, 95])
    return float(high / low - 1)


def pooled(several: Sequence[Times]) -> Times:
    """Rounds of several processes over the same models, each levelled, all at one speed.

    That speed is the median of those of the processes.
    """
    even = [levelled(times) for times in several]
    medians = np.stack([np.median(times, axis=0) for times in even])
    speeds = np.median(medians / np.median(medians, axis=0), axis=1)
    usual = float(np.median(speeds))
    return np.concatenate(
        [times * (usual / speed) for times, speed in zip(even, speeds, strict=True)]
    )


def anchored(times: Times, anchors: Sequence[int], known_ns: Sequence[float]) -> Times:
    """`times` scaled so that the models at the places `anchors` take what is `known_ns` of them.

    Unchanged without anchors.
    """
    if not anchors:
        return times
    now = np.median(times[:, list(anchors)], axis=0)
    return np.asarray(times * float(np.median(np.asarray(known_ns) / now)))


def _speeds(times: Times) -> NDArray[np.float64]:
    usual = np.median(times, axis=0)
    return np.asarray(np.median(times / usual, axis=1))
