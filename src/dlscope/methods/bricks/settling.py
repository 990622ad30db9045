"""`unsettled`: which bricks are still to be timed, since a model that has them is not known yet.

Errors of bricks are each other's strangers: in a sum they cancel, so that a model is often known
long before the last of its bricks is. What all models that have a brick know already, no further
run of that brick needs to tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.bricks.composed_model import ComposedModel

PRECISION = 0.01
"""Half of the 95 % interval of a latency that is known, relative to it."""
MEDIAN_ERROR = 1.2533
"""The standard error of a median is that of a mean times √(π/2)."""
_OUTSIDE = 0.05
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
"""The 97.5 % quantile of Student's t by degrees of freedom, from 1; for more, that of the last."""


def counts_of(
    models: Sequence[ComposedModel], items: Sequence[tuple[str, str]]
) -> NDArray[np.int64]:
    """Models × items: how often each model has the brick of each item.

    An item is the model in whose walk it is, and a brick. A brick that is in the model's own walk
    counts there, else where it is in another's.
    """
    places = {item: place for place, item in enumerate(items)}
    anywhere = {brick: place for place, (_, brick) in enumerate(items)}
    counts = np.zeros((len(models), len(items)), np.int64)
    for row, model in enumerate(models):
        for brick, count in model.occurrences().items():
            place = places.get((model.name, brick), anywhere.get(brick))
            if place is not None:
                counts[row, place] = count
    return counts


def unsettled(
    counts: NDArray[np.int64], rounds: Sequence[NDArray[np.int64]], least: int
) -> NDArray[np.bool_]:
    """Whether each brick belongs to a model that is not known to 1 % after `rounds`.

    `counts` are models × bricks, how often each has which; a round has the time of each brick, 0 of
    one that was not timed in it. A model is known after `least` rounds at the earliest, of those in
    which all of its bricks were timed. A brick of no model is settled.
    """
    has = counts > 0
    if not rounds:
        return np.asarray(has.any(axis=0))
    times = np.stack(rounds)
    found = np.zeros(counts.shape[1], dtype=np.bool_)
    for count, own in zip(counts, has, strict=True):
        whole = (times[:, own] > 0).all(axis=1)
        totals = (times[whole] * count).sum(axis=1)
        if len(totals) < least or not is_known(totals):
            found |= own
    return found


def is_known(totals: NDArray[np.int64]) -> bool:
    """Whether the median of `totals` is known to 1 %; of fewer than two it never is.

    By Student's interval, or by the one between two of the sorted totals that holds whatever their
    distribution is: one that was disturbed must not ask for hundreds of others.
    """
    if len(totals) < 2:
        return False
    half = min(_student_half(totals), _sorted_half(np.sort(totals)))
    return bool(half <= PRECISION * np.median(totals))


def _student_half(totals: NDArray[np.int64]) -> float:
    quantile = _STUDENT[min(len(totals) - 2, len(_STUDENT) - 1)]
    return float(quantile * MEDIAN_ERROR * totals.std(ddof=1) / np.sqrt(len(totals)))


def _sorted_half(ordered: NDArray[np.int64]) -> float:
    """Half of the narrowest interval between the kth least and the kth largest that is of 95 %.

    The median is below the kth least with the chance of fewer than k heads in as many tosses.
    """
    count = len(ordered)
    chance, inside = 0.0, 0
    while True:
        chance += math.comb(count, inside) / 2**count
        if 2 * chance > _OUTSIDE:
            break
        inside += 1
    if not inside:
        return math.inf
    return float(ordered[-inside] - ordered[inside - 1]) / 2
