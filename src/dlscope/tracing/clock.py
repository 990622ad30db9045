"""Where time comes from: the monotonic clock, or a virtual one that tests turn by hand."""

from __future__ import annotations

import time
from typing import Protocol, final


class Clock(Protocol):
    """Integer nanoseconds that never step back."""

    def now_ns(self) -> int:
        """The time, in ns."""
        ...

    def sleep_until(self, time_ns: int) -> None:
        """Return at `time_ns` or just after it."""
        ...


@final
class MonotonicClock:
    """The machine's monotonic clock; waits by sleeping, then spinning the last 150 µs."""

    _SPIN_NS = 150_000

    def now_ns(self) -> int:
        """The time, in ns."""
        return time.perf_counter_ns()

    def sleep_until(self, time_ns: int) -> None:
        """Return at `time_ns` or just after it."""
        remaining = time_ns - time.perf_counter_ns() - self._SPIN_NS
        if remaining > 0:
            time.sleep(remaining / 1e9)
        while time.perf_counter_ns() < time_ns:
            pass


@final
class VirtualClock:
    """A clock that moves only when told to; tests of timing run in no time and exactly."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """The time, in ns."""
        return self._now_ns

    def sleep_until(self, time_ns: int) -> None:
        """Move to `time_ns` if it lies ahead."""
        self._now_ns = max(self._now_ns, time_ns)

    def advance(self, duration_ns: int) -> None:
        """Move ahead by `duration_ns`."""
        self._now_ns += duration_ns
