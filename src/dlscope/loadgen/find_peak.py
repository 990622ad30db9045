"""The highest rate at which a system still meets its bound: doubled, bisected, confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

from dlscope.core.run import Probe

Trial = Callable[[float, int], Probe]
"""Offers a rate in queries/s with a schedule seed and tells how it went."""

MOST_PROBES = 40
_RESOLUTION = 0.01
_CONFIRMATIONS = 3
_STEP_DOWN = 0.99
_IDLE = 0.1


@final
class PeakSearch:
    """One search; whether a rate holds is not assumed to depend on the rate alone.

    The rate is doubled until it does not hold (halved first, where the first does not), the gap
    bisected to 1 %. The answer must hold in three further trials with fresh schedules; else it is
    lowered by 1 % and tried again. Every trial is kept, at most 40. A system that is idle nine
    tenths of the time and still does not hold has no peak: fewer queries would not help it.
    """

    def __init__(self, trial: Trial, seed: int) -> None:
        self._trial = trial
        self._seed = seed
        self.probes: list[Probe] = []

    def run(self, first_qps: float) -> float | None:
        """The peak in queries/s, None where no rate was confirmed."""
        low, high = self._bracket(first_qps)
        while low and high and (high - low) / low > _RESOLUTION and self._may_go_on:
            middle = (low + high) / 2
            low, high = (middle, high) if self._holds(middle) else (low, middle)
        rate = low
        while rate and self._may_go_on:
            if self._is_confirmed(rate):
                return rate
            rate *= _STEP_DOWN
        return None

    def _bracket(self, first_qps: float) -> tuple[float, float]:
        """A rate that holds (0 for none) and one that does not (0 for none found)."""
        if self._holds(first_qps):
            low = first_qps
            while self._may_go_on:
                if not self._holds(2 * low):
                    return low, 2 * low
                low *= 2
            return low, 0.0
        high = first_qps
        while self._may_go_on and not _is_idle(self.probes[-1]):
            if self._holds(high / 2):
                return high / 2, high
            high /= 2
        return 0.0, high

    def _is_confirmed(self, rate_qps: float) -> bool:
        for _ in range(_CONFIRMATIONS):
            if not self._may_go_on or not self._holds(rate_qps, confirms=True):
                return False
        return True

    def _holds(self, rate_qps: float, *, confirms: bool = False) -> bool:
        # A fresh schedule each time: a lucky one must not decide twice.
        probe = self._trial(rate_qps, self._seed + len(self.probes))
        self.probes.append(replace(probe, confirms=confirms))
        return probe.holds

    @property
    def _may_go_on(self) -> bool:
        return len(self.probes) < MOST_PROBES


def _is_idle(probe: Probe) -> bool:
    """Whether queries came so seldom that one hardly ever met another."""
    return probe.latency_ns is not None and probe.latency_ns * probe.rate_qps < _IDLE * 1e9
