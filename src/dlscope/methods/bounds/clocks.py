"""`Clocks`: the time that passed, the time that was computed, and the time spent in line.

Other work on the machine makes a computation wait for a core. Time on the wall counts that, CPU
time does not; so where a process computes in one thread, the shorter of both is what it took. The
system also counts how long threads that could run had to wait, whatever their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from dlscope.stacks.run_queue import waited_ns

Clock = Callable[[], int]
"""Now, in ns."""

CONTENDED = 0.02
"""Share of a time spent waiting for a core from which on it is not calm."""
FEWEST_CALM = 5
"""Calm times that are enough to leave the others out."""
WAITED = "waited_pct"
"""Under which a result that other work held up tells which share of the time that was."""


@final
@dataclass(frozen=True)
class Moment:
    """One reading of both clocks, ns."""

    wall_ns: int
    cpu_ns: int


@final
@dataclass(frozen=True)
class Clocks:
    """Clocks of this process: wall, CPU time of all its threads, and how long they waited so far.

    >>> standing = Clocks(lambda: 5, lambda: 3, lambda: 0)
    >>> standing.end(), standing.waited()
    (Moment(wall_ns=5, cpu_ns=3), 0)
    """

    wall: Clock = time.perf_counter_ns
    cpu: Clock = time.process_time_ns
    waited: Clock = waited_ns

    def begin(self) -> Moment:
        """Now, before a computation: CPU time costs more to read, the wall does not see it."""
        cpu_ns = self.cpu()
        return Moment(self.wall(), cpu_ns)

    def end(self) -> Moment:
        """Now, after a computation."""
        wall_ns = self.wall()
        return Moment(wall_ns, self.cpu())


def taken_ns(begin: Moment, end: Moment) -> int:
    """What a computation took: the time that passed, less what it waited, if it has one thread.

    Several threads together take more CPU time than passes: then it is what passed.
    """
    return min(end.wall_ns - begin.wall_ns, end.cpu_ns - begin.cpu_ns)
