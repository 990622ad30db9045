"""Metrics with their 95 % intervals: Wilson for shares, bootstrap for means and for ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.run import Metric
from dlscope.core.stats import bootstrap_interval, mean, wilson_interval

_RESAMPLES = 1000
_CHUNK_CELLS = 4_000_000


def share(name: str, count: int, n: int) -> Metric:
    """`count` of `n` > 0, with its Wilson interval."""
    interval = wilson_interval(count, n)
    return Metric(name, count / n, interval.lo, interval.hi, n, count)


def average(name: str, values: Sequence[float], *, unit: str = "") -> Metric:
    """Mean of at least one value, with its bootstrap interval.

    With an infinite value the mean is infinite and has no interval.
    """
    series = np.asarray(values, dtype=np.float64)
    value = float(series.mean())
    if not np.isfinite(value):
        return exact(name, value, series.size, unit=unit)
    interval = bootstrap_interval(series, mean)
    return Metric(name, value, interval.lo, interval.hi, series.size, unit=unit)


def ratio(
    name: str,
    parts: Sequence[float],
    wholes: Sequence[float],
    *,
    scale: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
) -> Metric:
    """`scale`(Σ parts / Σ wholes) over items, with an interval that resamples whole items.

    What one item holds belongs together: the words of a sentence are not independent. `n` is
    Σ wholes, which must be above 0. Resamples without anything to divide by are left out. An
    infinite value has no interval.
    """
    part_i = np.asarray(parts, dtype=np.float64)
    whole_i = np.asarray(wholes, dtype=np.float64)
    value = float(scale(part_i.sum() / whole_i.sum()))
    if not np.isfinite(value):
        return exact(name, value, int(whole_i.sum()))
    estimates = []
    for weight_ri in resamples(part_i.size):
        whole_r = weight_ri @ whole_i
        estimates.append(scale((weight_ri @ part_i)[whole_r > 0] / whole_r[whole_r > 0]))
    lo, hi = np.quantile(np.concatenate(estimates), [0.025, 0.975])
    return Metric(name, value, float(lo), float(hi), int(whole_i.sum()))


def exact(name: str, value: float, n: int, *, unit: str = "") -> Metric:
    """A count or an extreme over `n` things, which has no sampling interval."""
    return Metric(name, value, None, None, n, unit=unit)


def resamples(n: int, *, cells: int = 0) -> Iterator[NDArray[np.int64]]:
    """How often each of `n` items is drawn, in 1000 resamples of `n`, as chunks of [R, n].

    `cells` is how many numbers one resample leads to, where that is more than `n`. The same for
    equal `n`, whatever the chunks.
    """
    generator = np.random.default_rng(0)
    per_chunk = max(1, min(_RESAMPLES, _CHUNK_CELLS // max(cells, n)))
    for first in range(0, _RESAMPLES, per_chunk):
        count = min(per_chunk, _RESAMPLES - first)
        yield generator.multinomial(n, np.full(n, 1 / n), size=count)
