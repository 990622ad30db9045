"""`RunClock`: both clocks read when a run of a tracer starts and when it stops."""

from __future__ import annotations

from typing import final

from dlscope.tracing.epoch import Anchor, EpochClock, anchor
from dlscope.tracing.tracer import Diagnostic


@final
class RunClock:
    """For profilers that write times of day."""

    def __init__(self) -> None:
        self._start: Anchor = anchor()
        self._end: Anchor | None = None

    def stop(self) -> None:
        """Read both clocks again: the run is over."""
        self._end = anchor()

    @property
    def epoch(self) -> EpochClock:
        """From times of day in the run to the trace clock."""
        return EpochClock(self._start, self._end)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Whether the wall clock was set during the run."""
        if not self.epoch.has_step:
            return ()
        return (Diagnostic("clock_step", "the wall clock was set during the run"),)
