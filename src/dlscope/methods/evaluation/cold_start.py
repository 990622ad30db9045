"""`ColdStart`: the parts of a start, each timed once on the wall clock and in CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from dlscope.core.run import Stage
from dlscope.tracing.clock import Clock


@final
class ColdStart:
    """Import, fetch, load and first prediction, in the order in which they happened.

    `cpu_ns` reads the CPU time of all processes that take part.
    """

    def __init__(self, clock: Clock, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        self._clock = clock
        self.cpu_ns = cpu_ns
        self._stages: list[Stage] = []

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What was timed so far."""
        return tuple(self._stages)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as the stage called `name`."""
        cpu, start = self.cpu_ns(), self._clock.now_ns()
        yield
        wall = self._clock.now_ns() - start
        self._stages.append(Stage(name, wall, self.cpu_ns() - cpu))
