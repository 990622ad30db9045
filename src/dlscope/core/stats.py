"""Statistics of latency samples and of counted answers, as pure functions.

Percentiles follow LoadGen, so that every percentile in dlscope equals the one MLPerf would print;
the median is the usual one and may differ from `p50` by half a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError

Sample = NDArray[Any]
Statistic = Callable[[Sample], Sample]
"""From sorted samples along the last axis to one value each."""

_Z_95 = 1.959963984540054
_CHUNK_CELLS = 4_000_000


class Interval(NamedTuple):
    """A 95 % interval, ends included."""

    lo: float
    hi: float


def percentile(sorted_values: Sample, p: float) -> Sample:
    """`sorted[⌊n·p⌋]` counted from 0 and clipped to n−1, along the last axis (LoadGen).

    The 0.9 percentile of 100 values is the 91st. Raises `MeasurementError` for no values.
    """
    n = _count(sorted_values)
    # n·p is rounded first, or 0.29·100 = 28.999… would name the wrong value.
    index = min(math.floor(round(n * p, 9)), n - 1)
    return np.asarray(sorted_values[..., index])


def trimmed_mean(sorted_values: Sample) -> Sample:
    """Mean without the lowest and the highest fifth: k = ⌊n/5⌋, mean of sorted[k : n−k].

    The mean of fewer than 3 values, the median of 3. Raises `MeasurementError` for none.
    """
    n = _count(sorted_values)
    k = 1 if n == 3 else n // 5
    return np.asarray(sorted_values[..., k : n - k].mean(axis=-1))


def mean(sorted_values: Sample) -> Sample:
    """Arithmetic mean along the last axis."""
    return np.asarray(sorted_values.mean(axis=-1))


def _count(values: Sample) -> int:
    n: int = values.shape[-1]
    if n == 0:
        raise MeasurementError(
            "a statistic needs at least one sample",
            where="statistics",
            fix="let the scenario run for at least one query",
        )
    return n


def require_samples(values: Sample, what: str) -> Sample:
    """`values` sorted as float64. Raises `MeasurementError` when there are none."""
    if values.size == 0:
        raise MeasurementError(
            f"{what} has no samples, so it has no latency",
            where=what,
            fix="let the scenario run for at least one query",
        )
    return np.sort(np.asarray(values, dtype=np.float64))


def bootstrap_interval(
    values: Sample, statistic: Statistic, *, seed: int = 0, resamples: int = 1000
) -> Interval:
    """95 % interval of `statistic` by a circular block bootstrap over `values` in order of issue.

    Blocks of ⌈√n⌉ neighbours keep the correlation of queries that follow one another. For one
    value the interval is that value.
    """
    return _middle_95(_resampled(values, statistic, seed, resamples))


def difference_interval(
    a: Sample, b: Sample, statistic: Statistic, *, seed: int = 0, resamples: int = 1000
) -> Interval:
    """95 % interval of `statistic(b) − statistic(a)` for two series measured apart."""
    after = _resampled(b, statistic, seed, resamples)
    before = _resampled(a, statistic, seed + 1, resamples)
    return _middle_95(after - before)


def wilson_interval(successes: int, n: int) -> Interval:
    """95 % Wilson score interval of a proportion; (0, 1) when nothing was counted."""
    if n == 0:
        return Interval(0.0, 1.0)
    share = successes / n
    z2 = _Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def _resampled(values: Sample, statistic: Statistic, seed: int, resamples: int) -> Sample:
    series = np.asarray(values, dtype=np.float64)
    n = series.size
    if n == 0:
        raise MeasurementError(
            "an interval needs at least one sample",
            where="bootstrap",
            fix="let the scenario run for at least one query",
        )
    block = math.ceil(math.sqrt(n))
    blocks = math.ceil(n / block)
    generator = np.random.default_rng(seed)
    per_chunk = max(1, min(resamples, _CHUNK_CELLS // (blocks * block)))
    estimates = []
    for first in range(0, resamples, per_chunk):
        count = min(per_chunk, resamples - first)
        starts = generator.integers(0, n, size=(count, blocks, 1))
        index = ((starts + np.arange(block)) % n).reshape(count, -1)[:, :n]
        estimates.append(statistic(np.sort(series[index], axis=-1)))
    return np.concatenate(estimates)


def _middle_95(estimates: Sample) -> Interval:
    lo, hi = np.quantile(estimates, [0.025, 0.975])
    return Interval(float(lo), float(hi))
