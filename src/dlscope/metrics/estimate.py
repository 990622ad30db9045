"""Metrics with their 95 % intervals: Wilson for shares, bootstrap for means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.core.run import Metric
from dlscope.core.stats import bootstrap_interval, mean, wilson_interval


def share(name: str, count: int, n: int) -> Metric:
    """`count` of `n` > 0, with its Wilson interval."""
    interval = wilson_interval(count, n)
    return Metric(name, count / n, interval.lo, interval.hi, n, count)


def average(name: str, values: Sequence[float], *, unit: str = "") -> Metric:
    """Mean of at least one value, with its bootstrap interval."""
    series = np.asarray(values, dtype=np.float64)
    interval = bootstrap_interval(series, mean)
    return Metric(name, float(series.mean()), interval.lo, interval.hi, series.size, unit=unit)


def exact(name: str, value: float, n: int, *, unit: str = "") -> Metric:
    """A count or an extreme over `n` things, which has no sampling interval."""
    return Metric(name, value, None, None, n, unit=unit)
