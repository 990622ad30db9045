"""`ProfileTracer`: the profile that ONNX Runtime writes of one session."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.backends.run_clock import RunClock
from dlscope.core.trace import Level
from dlscope.tracing.sources.onnxruntime import RESOLUTION_NS, TRACER, read_onnxruntime
from dlscope.tracing.tracer import Drained, Tracer


@final
class ProfileTracer(Tracer):
    """A LAYER span for each node of the optimised graph; fused nodes go by their last output.

    The KERNEL of a node is its operator with the provider that ran it: nothing tells more.
    A session is profiled from the moment it is made until this stops, once: what ran before
    `start` is left out.
    """

    name = TRACER
    levels = (Level.LAYER, Level.KERNEL)
    resolution_ns = RESOLUTION_NS

    def __init__(self, levels: Collection[Level]) -> None:
        self._levels = set(levels) & set(self.levels)
        self._folder = tempfile.TemporaryDirectory()
        self._session: Any = None
        self._clock = RunClock()
        self._profile_start_ns = 0
        self._start_ns = 0
        self._profile: Path | None = None

    def switch_on(self, settings: Any) -> None:
        """Have the session that is made with `settings` profiled."""
        settings.enable_profiling = True
        settings.profile_file_prefix = str(Path(self._folder.name) / "profile")

    def follow(self, session: Any) -> None:
        """Trace `session`, made with settings that were switched on."""
        self._session = session

    def _start(self) -> None:
        if self._session is None:
            raise RuntimeError("a session can be profiled only once")
        self._clock = RunClock()
        self._profile_start_ns = self._session.get_profiling_start_time_ns()
        self._start_ns = time.perf_counter_ns()

    def _stop(self) -> None:
        session, self._session = self._session, None
        self._profile = Path(session.end_profiling())
        self._clock.stop()

    def _drain(self) -> Drained:
        if self._profile is None:
            return Drained()
        found = read_onnxruntime(
            self._profile,
            self._clock.epoch,
            profile_start_ns=self._profile_start_ns,
            levels=self._levels,
        )
        self._folder.cleanup()
        late = found.trace.take(found.trace["start_ns"] >= self._start_ns - RESOLUTION_NS)
        trace = late.with_columns(id=np.arange(1, len(late) + 1))
        return Drained(trace, (*found.diagnostics, *self._clock.diagnostics))
