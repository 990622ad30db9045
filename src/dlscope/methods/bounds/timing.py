"""`hot`: times of one computation, back to back until they are known well enough.

Everything that it touches is in the cache as far as it fits: the state that bounds are made of
(Benanza, section III-B). What a call costs without any computation is measured beside it, in the
same way, and taken off.

Where other work takes the core away, a sample is what was computed meanwhile, not what passed, and
it is not calm: what it found in the cache may be gone. As long as time allows, only calm ones
count; where there are too few of them, the result says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.bounds.clocks import CONTENDED, FEWEST_CALM, Clock, Clocks, taken_ns

Run = Callable[[], Any]

BLOCK_NS = 20_000
"""Calls shorter than this are timed several at once: a clock costs some 50 ns to read."""
_WARM_CALLS = 3
_WARM_NS = 5_000_000
_MOST_CALLS = 10_000
PATIENCE = 3
"""Times as long as a rule says is waited for calm samples."""
_UNSEEN = 0.1
"""Share of the time, waited by threads and seen by no clock, from which on it is contended."""
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
class Samples:
    """What calls took, int64 ns, in the order they were taken, each the mean of `calls`.

    `waited` is the share of the whole time that the process stood in line for a core. Samples are
    `contended` where hardly any of them was calm, or several threads waited unseen.
    """

    taken_ns: NDArray[np.int64]
    calls: int
    waited: float = 0.0
    is_contended: bool = False

    @property
    def median_ns(self) -> int:
        """The median of what the calls took."""
        return round(float(np.median(self.taken_ns)))


@final
@dataclass(frozen=True, eq=False)
class HotTiming:
    """Samples of one call each, and the overhead of a call, which is in each of them."""

    samples: Samples
    overhead_ns: int

    @property
    def raw_ns(self) -> NDArray[np.int64]:
        """The samples as they were taken."""
        return self.samples.taken_ns

    @property
    def net_ns(self) -> NDArray[np.int64]:
        """The samples without the overhead; 0 where that is all there is."""
        return np.maximum(self.raw_ns - self.overhead_ns, 0)

    @property
    def floored(self) -> int:
        """How many samples were shorter than the overhead."""
        return int((self.raw_ns < self.overhead_ns).sum())


def hot(run: Run, null: Run, rule: StopRule, clocks: Clocks | None = None) -> HotTiming:
    """Times of `run`, warmed up; the median of `null`, timed in the same way, is its overhead."""
    overhead = sampled(null, rule, clocks)
    return HotTiming(sampled(run, rule, clocks), overhead.median_ns)


def sampled(run: Run, rule: StopRule, clocks: Clocks | None = None) -> Samples:
    """Samples until `rule` is met by calm ones, or for `PATIENCE` times as long as it says."""
    using = clocks or Clocks()
    taking = _Taking(run, _calls_per_sample(_warmed_up(run, using.wall)), using)
    next_look = rule.samples
    while True:
        taking.take()
        # Looking costs more than a short sample; seldom enough, it changes nothing.
        if taking.count >= next_look:
            found = taking.so_far(rule)
            if found is not None:
                return found
            next_look += max(1, taking.count // 8)


@final
class _Taking:
    """Samples of one computation as they are taken."""

    def __init__(self, run: Run, calls: int, clocks: Clocks) -> None:
        self._run, self._calls, self._clocks = run, calls, clocks
        self._taken: list[int] = []
        self._passed: list[int] = []
        self._begin_ns, self._waited_ns = clocks.wall(), clocks.waited()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._taken)

    def take(self) -> None:
        """One more."""
        run = self._run
        begin = self._clocks.begin()
        for _ in repeat(None, self._calls):
            run()
        end = self._clocks.end()
        self._taken.append(round(taken_ns(begin, end) / self._calls))
        self._passed.append(round((end.wall_ns - begin.wall_ns) / self._calls))

    def so_far(self, rule: StopRule) -> Samples | None:
        """The samples that count, once they are enough; None before."""
        taken, passed = (np.asarray(each, np.int64) for each in (self._taken, self._passed))
        calm = taken[passed - taken <= CONTENDED * passed]
        spent_ns = self._clocks.wall() - self._begin_ns
        seen_ns = int((passed - taken).sum()) * self._calls
        if rule.is_met(calm, spent_ns):
            return self._told(calm, spent_ns, seen_ns)
        if spent_ns < PATIENCE * rule.seconds * 1e9:
            return None
        has_calm = calm.size >= min(FEWEST_CALM, rule.samples)
        if has_calm:
            return self._told(calm, spent_ns, seen_ns)
        return replace(self._told(taken, spent_ns, seen_ns), is_contended=True)

    def _told(self, counting: NDArray[np.int64], spent_ns: int, seen_ns: int) -> Samples:
        """Several threads wait for each other, too, which no clock tells from computing."""
        waited_ns = max(0, self._clocks.waited() - self._waited_ns)
        unseen_ns = waited_ns - seen_ns
        waited = min(1.0, waited_ns / spent_ns) if spent_ns > 0 else 0.0
        return Samples(counting, self._calls, waited, unseen_ns > _UNSEEN * spent_ns)


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
