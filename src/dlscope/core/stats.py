"""Statistics of latency samples and of counted answers, as pure functions.

Percentiles follow LoadGen, so that every percentile in dlscope equals the one MLPerf would print;
the median is the usual one and may differ from `p50` by half a step.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError

Sample = NDArray[Any]
Statistic = Callable[[Sample], Sample]
"""From sorted samples along the last axis to one value each."""

_Z_95 = 1.959963984540054
_CHUNK_CELLS = 4_000_000
_LINEAR_FROM = 100
_SERIES_KEPT = 4096
_EXACT_FLIPS = 14
_FLIPS = 20_000


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
    value the interval is that value. A resample of `mean` is a sum of block sums, and so is one
    of `trimmed_mean` from 100 values on, by its first-order expansion (see `influences`): no
    resample is sorted. Any other statistic is computed on every resample.
    """
    series = np.asarray(values, dtype=np.float64)
    if statistic is mean or statistic is trimmed_mean:
        # The same latencies enter several tables of a report.
        return _known_interval(series.tobytes(), statistic, seed, resamples)
    return _middle_95(_resampled(series, statistic, seed, resamples))


def percentile_interval(
    values: Sample, p: float, *, seed: int = 0, resamples: int = 1000
) -> Interval:
    """95 % interval of `percentile` at `p`, by the resamples of `bootstrap_interval`, exactly.

    No resample is drawn out or sorted. The percentile of a resample is at most t when more than
    ⌊n·p⌋ of its values are, and how many are is a sum of counts over its blocks: each end of the
    interval is found by bisection over t.
    """
    series = np.asarray(values, dtype=np.float64)
    return _known_percentile_interval(series.tobytes(), p, seed, resamples)


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


def sign_test(lost: int, won: int) -> float:
    """Two-sided probability of a split as uneven as this, were either side as likely (McNemar).

    Exact: 2 · P(X ≤ min), X binomial with n = lost + won and ½, at most 1; 1 for no pairs.
    """
    n = lost + won
    term = tail = 1
    for k in range(min(lost, won)):
        # C(n, k + 1) from C(n, k): each from scratch would take minutes for 50 000 pairs.
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, float(2 * tail / (1 << n)))


def sign_flip_test(differences: Sample, *, seed: int = 0) -> float:
    """Two-sided probability of a mean as far from 0, were each difference as likely negated.

    Fisher's randomisation test: exact over all 2ⁿ patterns of signs of up to 14 differences that
    are not 0; beyond that over 20 000 drawn ones, the observed counted among them. 1 for none.
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[values != 0]
    n = values.size
    # Sums of the same numbers in another order differ in their last digits.
    threshold = abs(float(values.sum())) * (1 - 1e-12)
    if n <= _EXACT_FLIPS:
        patterns = 1.0 - 2.0 * ((np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1)
        return float((np.abs(patterns @ values) >= threshold).mean())
    patterns = np.random.default_rng(seed).choice((-1.0, 1.0), size=(_FLIPS, n))
    return float(((np.abs(patterns @ values) >= threshold).sum() + 1) / (_FLIPS + 1))


def influences(values: Sample) -> Sample:
    """Values whose mean is, to the first order, the trimmed mean of `values`, in their order.

    With w the values winsorised at sorted[k] and sorted[n−1−k], k = ⌊n/5⌋, and T their trimmed
    mean, entry i is T + (w_i − mean(w)) · n / (n − 2k)  (Tukey and McLaughlin 1963: the influence
    function of a trimmed mean). Resampling their mean gives what resampling T gives, without
    sorting a resample.
    """
    n = _count(values)
    k = n // 5
    ordered = np.sort(values)
    winsorised = np.clip(values, ordered[k], ordered[n - 1 - k])
    return np.asarray(trimmed_mean(ordered) + (winsorised - winsorised.mean()) * (n / (n - 2 * k)))


@functools.lru_cache(maxsize=_SERIES_KEPT)
def _known_interval(series: bytes, statistic: Statistic, seed: int, resamples: int) -> Interval:
    return _middle_95(_resampled(np.frombuffer(series), statistic, seed, resamples))


@functools.lru_cache(maxsize=_SERIES_KEPT)
def _known_percentile_interval(series: bytes, p: float, seed: int, resamples: int) -> Interval:
    values = np.frombuffer(series)
    ordered = require_samples(values, "bootstrap")
    n = ordered.size
    wanted = int(percentile(np.arange(n), p)) + 1
    sums = _BlockSums(n, seed, resamples)

    @functools.cache
    def at_most(place: int) -> int:
        """In how many resamples the percentile is at most `ordered[place]`."""
        return int((sums(values <= ordered[place]) >= wanted).sum())

    def estimate(number: int) -> float:
        """The percentile of that resample which has `number` below it."""
        first, last = _bracket(wanted - 1, n, lambda place: at_most(place) > number)
        places = range(first, last + 1)
        return float(ordered[first + bisect_right(places, number, key=at_most)])

    ends = []
    for share in (0.025, 0.975):
        place = share * (resamples - 1)
        below, above = (estimate(number) for number in (math.floor(place), math.ceil(place)))
        ends.append(below + (above - below) * (place - math.floor(place)))
    return Interval(*ends)


def _bracket(guess: int, n: int, is_beyond: Callable[[int], bool]) -> tuple[int, int]:
    """The least and the greatest place around `guess` where `is_beyond` may turn true."""
    step = max(1, 2 * math.isqrt(n))
    if is_beyond(guess):
        last = guess
        while (first := max(0, last - step)) > 0 and is_beyond(first):
            last, step = first, 2 * step
        return first, last
    first = guess
    while (last := min(n - 1, first + step)) < n - 1 and not is_beyond(last):
        first, step = last, 2 * step
    return first, last


def _resampled(values: Sample, statistic: Statistic, seed: int, resamples: int) -> Sample:
    series = np.asarray(values, dtype=np.float64)
    if series.size == 0:
        raise MeasurementError(
            "an interval needs at least one sample",
            where="bootstrap",
            fix="let the scenario run for at least one query",
        )
    if statistic is trimmed_mean and series.size >= _LINEAR_FROM:
        return _resampled_means(influences(series), seed, resamples)
    if statistic is mean:
        return _resampled_means(series, seed, resamples)
    return _recomputed(series, statistic, seed, resamples)


def _resampled_means(series: Sample, seed: int, resamples: int) -> Sample:
    """The mean of each resample."""
    n = series.size
    centre = series.mean()
    return np.asarray(centre + _BlockSums(n, seed, resamples)(series - centre) / n)


@final
class _BlockSums:
    """Sums over each resample of a series of n values, from those of its blocks."""

    def __init__(self, n: int, seed: int, resamples: int) -> None:
        block, blocks = _blocks(n)
        # The last block is cut to fit.
        self._sizes = (block, n - block * (blocks - 1))
        self._starts = _starts(n, seed, resamples)

    def __call__(self, series: Sample) -> Sample:
        """One sum for each resample of `series`."""
        n = series.size
        kind: type = np.int32 if series.dtype == bool else np.float64
        sums: Sample = np.zeros(2 * n + 1, dtype=kind)
        np.cumsum(np.concatenate([series, series]), out=sums[1:])
        whole, cut = (sums[size : size + n] - sums[:n] for size in self._sizes)
        starts = self._starts
        return np.asarray(whole[starts[:, :-1]].sum(axis=1) + cut[starts[:, -1]])


def _recomputed(series: Sample, statistic: Statistic, seed: int, resamples: int) -> Sample:
    n = series.size
    block, blocks = _blocks(n)
    starts = _starts(n, seed, resamples)
    per_chunk = max(1, min(resamples, _CHUNK_CELLS // (blocks * block)))
    estimates = []
    for first in range(0, resamples, per_chunk):
        index = starts[first : first + per_chunk, :, np.newaxis] + np.arange(block)
        index = (index % n).reshape(len(index), -1)[:, :n]
        estimates.append(statistic(np.sort(series[index], axis=-1)))
    return np.concatenate(estimates)


def _blocks(n: int) -> tuple[int, int]:
    """Length of a block, and how many make a resample."""
    block = math.ceil(math.sqrt(n))
    return block, math.ceil(n / block)


@functools.lru_cache(maxsize=32)
def _starts(n: int, seed: int, resamples: int) -> NDArray[np.int64]:
    """Where each block of each resample begins, [R, blocks]."""
    starts = np.random.default_rng(seed).integers(0, n, size=(resamples, _blocks(n)[1]))
    starts.flags.writeable = False
    return starts


def _middle_95(estimates: Sample) -> Interval:
    """The 2.5 and 97.5 percentiles, interpolated."""
    ordered = np.sort(estimates)
    lo, hi = (_between(ordered, share * (ordered.size - 1)) for share in (0.025, 0.975))
    return Interval(lo, hi)


def _between(ordered: Sample, place: float) -> float:
    below = math.floor(place)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
