"""`KinetoTracer`: what torch.profiler sees, the calls of the CUDA API and what they started."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch.profiler import ProfilerActivity

from dlscope.backends.run_clock import RunClock
from dlscope.core.trace import UNRESOLVED, Level, Trace
from dlscope.tracing.sources.kineto import NAME, read_kineto
from dlscope.tracing.tracer import Drained, Tracer


@final
class KinetoTracer(Tracer):
    """Spans of `levels` alone: LAYER are operators, LIBRARY launches, KERNEL executions.

    Launches are kept wherever kernels are: they say which layer a kernel belongs to. CUPTI serves
    one profiler at a time.
    """

    name = NAME
    levels = (Level.LAYER, Level.LIBRARY, Level.KERNEL)
    excludes = "CUPTI"

    def __init__(self, levels: Collection[Level]) -> None:
        kept = frozenset(levels) & frozenset(type(self).levels)
        self._kept = kept | ({Level.LIBRARY} if Level.KERNEL in kept else set())
        self._profiler: Any = None
        self._clock = RunClock()

    def _start(self) -> None:
        activities = [ProfilerActivity.CPU]
        if torch.cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        self._clock = RunClock()
        self._profiler = torch.profiler.profile(activities=activities)
        self._profiler.start()

    def _stop(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self._profiler.stop()
        self._clock.stop()

    def _drain(self) -> Drained:
        with tempfile.TemporaryDirectory(prefix="dlscope-kineto-") as folder:
            path = Path(folder) / "trace.json"
            self._profiler.export_chrome_trace(str(path))
            self._profiler = None
            drained = read_kineto(path, self._clock.epoch)
        told = (*drained.diagnostics, *self._clock.diagnostics)
        return Drained(self._chosen(drained.trace), told)

    def _chosen(self, trace: Trace) -> Trace:
        kept = trace.take(np.isin(trace["level"], [int(level) for level in self._kept]))
        # What was left out may have been a parent.
        is_lost = (kept["parent_id"] > 0) & ~np.isin(kept["parent_id"], kept["id"])
        return kept.with_columns(parent_id=np.where(is_lost, UNRESOLVED, kept["parent_id"]))
