"""How many queries a percentile needs before it can be believed (MLPerf Inference rules).

    p   the percentile, d = 0 the tolerance, c = 0.99 the confidence
    t   queries beyond the percentile's bound, h queries within it

A run of h + t queries shows the percentile when P[Bin(h + t, 1 − p) ≤ t] ≤ 1 − c: were the share of
slow queries really 1 − p, so few of them would be seen in at most one run of a hundred. With the
regularised incomplete beta function the same reads I_p(h, t + 1) ≤ 1 − c.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError

_CONFIDENCE = 0.99
_TINY = 1e-300
_PRECISION = 1e-14
_MOST_TERMS = 100_000


def is_shown(within: int, beyond: int, percentile: float) -> bool:
    """Whether `within` queries inside the bound and `beyond` outside show the percentile."""
    if within <= 0:
        return False
    return incomplete_beta(within, beyond + 1, percentile) <= 1 - _CONFIDENCE


def queries_needed(beyond: int, percentile: float) -> int:
    """The least number of queries, h(t) + t, that shows the percentile with `beyond` outside it."""
    high = 1
    while not is_shown(high, beyond, percentile):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_shown(middle, beyond, percentile) else (middle, high)
    return high + beyond


def most_beyond(queries: int, percentile: float) -> int | None:
    """The largest t ≥ 0 of `queries` that may lie outside; None when even 0 are too many."""
    if not is_shown(queries, 0, percentile):
        return None
    low, high = 0, queries
    while high - low > 1:
        middle = (low + high) // 2
        shown = is_shown(queries - middle, middle, percentile)
        low, high = (middle, high) if shown else (low, middle)
    return low


def stream_estimate(latency_ns: NDArray[np.int64], percentile: float) -> int | None:
    """The latency that a stream scenario reports, in ns: the t-th largest, None for too few.

    t is the largest number ≥ 1 that early stopping allows beyond the percentile, so that t − 1
    queries are left out. It lies above the plain percentile and comes near it with more queries.
    """
    queries = int(latency_ns.size)
    beyond = most_beyond(queries, percentile) if queries else None
    if not beyond:
        return None
    return int(np.partition(latency_ns, queries - beyond)[queries - beyond])


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 ≤ x ≤ 1.

    By its continued fraction (Lentz's method), on the side of the mean where that converges fast.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _kept_off_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept_off_zero(1 + term * d)
            c = _kept_off_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < _PRECISION:
            return result
    raise MeasurementError(
        f"the incomplete beta function of ({a:g}, {b:g}, {x:g}) does not converge",
        where="early stopping",
        fix="use a percentile further from 0 and 1",
    )


def _kept_off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
