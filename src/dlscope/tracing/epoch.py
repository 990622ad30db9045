"""`EpochClock`: from wall-clock times, which most profilers write, to the trace clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

_SANDWICHES = 16
_STEP_NS = 50_000


@dataclass(frozen=True)
class Anchor:
    """One moment on both clocks: `epoch_ns − offset_ns` is monotonic, within `error_ns`."""

    monotonic_ns: int
    offset_ns: int
    error_ns: int


def anchor(
    monotonic: Callable[[], int] = time.perf_counter_ns, epoch: Callable[[], int] = time.time_ns
) -> Anchor:
    """The tightest of 16 readings of the wall clock between two of the trace clock."""
    best: Anchor | None = None
    for _ in range(_SANDWICHES):
        before, wall, after = monotonic(), epoch(), monotonic()
        error = (after - before + 1) // 2
        if best is None or error < best.error_ns:
            middle = (before + after) // 2
            best = Anchor(middle, wall - middle, error)
    assert best is not None
    return best


@final
class EpochClock:
    """Both clocks at the start and the end of a run, interpolated in between."""

    def __init__(self, start: Anchor, end: Anchor | None = None) -> None:
        self._start = start
        self._end = end or start

    @property
    def has_step(self) -> bool:
        """Whether the wall clock was set between start and end (by more than 50 µs)."""
        return abs(self._end.offset_ns - self._start.offset_ns) > _STEP_NS

    @property
    def error_ns(self) -> int:
        """The most by which a converted time may be off."""
        return max(self._start.error_ns, self._end.error_ns)

    def to_monotonic(self, epoch_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Times on the trace clock, int64 ns, for epoch times in int64 ns."""
        start, end = self._start, self._end
        length = end.monotonic_ns - start.monotonic_ns
        drift = end.offset_ns - start.offset_ns
        monotonic: NDArray[Any] = np.asarray(epoch_ns, dtype=np.int64) - start.offset_ns
        if not length or not drift:
            return monotonic
        share = (monotonic - start.monotonic_ns) / length
        return monotonic - np.rint(np.clip(share, 0, 1) * drift).astype(np.int64)
