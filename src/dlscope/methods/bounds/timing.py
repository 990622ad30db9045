"""`hot`: times of one computation, back to back until they are known well enough.

Everything that it touches is in the cache as far as it fits: the state that bounds are made of
(Benanza, section III-B). What a call costs without any computation is measured beside it, in the
same way, and taken off.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Clock = Callable[[], int]
"""Now, in ns."""
Run = Callable[[], Any]

BLOCK_NS = 20_000
"""Calls shorter than this are timed several at once: a clock costs some 50 ns to read."""
_WARM_CALLS = 3
_WARM_NS = 5_000_000
_MOST_CALLS = 10_000
_Z_95 = 1.959963984540054


@final
@dataclass(frozen=True)
class StopRule:
    """Enough is known when half the 95 % interval is at most `half_width` of the median.

    Or after `seconds`. Never before `samples` of them, which may take longer.
    """

    half_width: float = 0.02
    seconds: float = 1.0
    samples: int = 15

    def is_met(self, samples_ns: NDArray[np.int64], spent_ns: int) -> bool:
        """Whether these samples, taken in that time, are enough."""
        if samples_ns.size < self.samples:
            return False
        return spent_ns >= self.seconds * 1e9 or relative_half_width(samples_ns) <= self.half_width


@final
@dataclass(frozen=True, eq=False)
class HotTiming:
    """Samples of one call each, int64 ns, in the order they were taken, with the overhead of it.

    Each is the mean of `calls` that were timed together.
    """

    raw_ns: NDArray[np.int64]
    calls: int
    overhead_ns: int

    @property
    def net_ns(self) -> NDArray[np.int64]:
        """The samples without the overhead; 0 where that is all there is."""
        return np.maximum(self.raw_ns - self.overhead_ns, 0)

    @property
    def floored(self) -> int:
        """How many samples were shorter than the overhead."""
        return int((self.raw_ns < self.overhead_ns).sum())


def hot(run: Run, null: Run, rule: StopRule, clock: Clock = time.perf_counter_ns) -> HotTiming:
    """Times of `run`, warmed up; the median of `null`, timed in the same way, is its overhead."""
    overhead, _ = sampled(null, rule, clock)
    raw, calls = sampled(run, rule, clock)
    return HotTiming(raw, calls, round(float(np.median(overhead))))


def sampled(
    run: Run, rule: StopRule, clock: Clock = time.perf_counter_ns
) -> tuple[NDArray[np.int64], int]:
    """Samples until `rule` is met, and how many calls each is the mean of."""
    calls = _calls_per_sample(_warmed_up(run, clock))
    samples: list[int] = []
    begin, next_look = clock(), rule.samples
    while True:
        samples.append(_timed(run, calls, clock))
        # Looking costs more than a short sample; seldom enough, it changes nothing.
        if len(samples) >= next_look:
            taken = np.asarray(samples, dtype=np.int64)
            if rule.is_met(taken, clock() - begin):
                return taken, calls
            next_look += max(1, len(samples) // 8)


def relative_half_width(samples_ns: NDArray[np.int64]) -> float:
    """Half the 95 % interval of the median, as a share of it; 0 where every sample is 0.

    The interval is between two of the sorted samples, those of ranks n/2 ∓ 1.96·√n/2, whatever
    the distribution is (Conover, Practical Nonparametric Statistics, section 3.2).
    """
    ordered = np.sort(samples_ns)
    n = ordered.size
    reach = _Z_95 * math.sqrt(n) / 2
    low, high = max(math.floor(n / 2 - reach), 0), min(math.ceil(n / 2 + reach), n - 1)
    width, median = float(ordered[high] - ordered[low]), float(np.median(ordered))
    if not width:
        return 0.0
    return width / (2 * median) if median else math.inf


def _warmed_up(run: Run, clock: Clock) -> int:
    """Run until caches, lazy set-up and clock rate have settled; ns of the shortest call."""
    begin = before = clock()
    shortest = None
    calls = 0
    while calls < _WARM_CALLS or (before - begin < _WARM_NS and calls < _MOST_CALLS):
        run()
        after = clock()
        took = after - before
        shortest = took if shortest is None else min(shortest, took)
        before = after
        calls += 1
    assert shortest is not None
    return shortest


def _calls_per_sample(call_ns: int) -> int:
    if call_ns >= BLOCK_NS:
        return 1
    return min(math.ceil(BLOCK_NS / max(call_ns, 1)), _MOST_CALLS)


def _timed(run: Run, calls: int, clock: Clock) -> int:
    begin = clock()
    for _ in repeat(None, calls):
        run()
    return round((clock() - begin) / calls)
