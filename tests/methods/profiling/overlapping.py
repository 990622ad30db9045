"""A backend that runs two layers at the same time on purpose, unless it is told not to.

Each calls its library, which does the work on threads of its own, so that times alone do not tell
which layer called.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.tracer import Capability, Drained, Tracer

_LIBRARY_THREADS = {"left": 1, "right": 2}
_LEVELS = (Level.LAYER, Level.LIBRARY)


@final
class OverlappingOptions(Options):
    """`parallel` layers overlap; `twins` make the same call; a serial one may be `refused`."""

    parallel: bool = True
    twins: bool = False
    refused: bool = False


@final
class OverlappingTracer(Tracer):
    """LAYER spans of the threads that ran them, LIBRARY spans of the library's own threads."""

    name: ClassVar[str] = "overlapping"
    levels: ClassVar[tuple[Level, ...]] = _LEVELS

    def __init__(self, levels: Collection[Level]) -> None:
        self._levels = levels
        self._seen: list[tuple[Level, str, int, int, int]] = []

    def saw(self, level: Level, name: str, start_ns: int, thread: int) -> None:
        if level in self._levels:
            self._seen.append((level, name, start_ns, time.perf_counter_ns(), thread))

    def _start(self) -> None:
        self._seen.clear()

    def _stop(self) -> None:
        """Nothing is left to do."""

    def _drain(self) -> Drained:
        spans = HostSpans(self.name)
        for level, name, start_ns, end_ns, thread in self._seen:
            caller = Caller(os.getpid(), thread)
            spans.add(level, name, start_ns, end_ns - start_ns, type=level.name, caller=caller)
        return Drained(spans.trace())


@final
class OverlappingPredictor(Predictor):
    """Two layers, `left` and `right`; parallel ones wait for each other before and after calls."""

    def __init__(self, options: OverlappingOptions, tracer: OverlappingTracer | None) -> None:
        self.inputs = (TensorSpec("x", "float32", (None, 3, 8, 8)),)
        self.outputs = (TensorSpec("y", "float32", (None, 4)),)
        self._options, self._tracer = options, tracer
        self._meeting = threading.Barrier(2 if options.parallel else 1)

    def report(self) -> dict[str, str | int | float | bool]:
        return {"precision": "none"}

    def _predict(self, feeds: Tensors) -> Tensors:
        threads = [threading.Thread(target=self._layer, args=[name]) for name in ("left", "right")]
        for thread in threads:
            thread.start()
            if not self._options.parallel:
                thread.join()
        for thread in threads:
            thread.join()
        return {"y": np.zeros((len(feeds["x"]), 4), np.float32)}

    def _layer(self, name: str) -> None:
        start_ns = time.perf_counter_ns()
        self._meeting.wait()
        call_ns = time.perf_counter_ns()
        # Longer than the slack within which times count as equal.
        time.sleep(1e-4)
        call = "gemm" if self._options.twins else f"gemm_{name}"
        self._saw(Level.LIBRARY, call, call_ns, _LIBRARY_THREADS[name])
        self._meeting.wait()
        time.sleep(1e-4)
        self._saw(Level.LAYER, name, start_ns, threading.get_native_id())

    def _saw(self, level: Level, name: str, start_ns: int, thread: int) -> None:
        if self._tracer is not None:
            self._tracer.saw(level, name, start_ns, thread)


@final
class OverlappingBackend(Backend):
    """Opens any graph."""

    name = "overlapping"
    levels = ("MODEL", "LAYER", "LIBRARY")
    options = OverlappingOptions
    serial: ClassVar[Mapping[str, Any]] = {"parallel": False}

    @classmethod
    def version(cls) -> str:
        return "1.0"

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        return tuple(Capability(level, OverlappingTracer.name) for level in _LEVELS)

    def _open(self, model: Path, options: Any) -> Predictor:
        del model
        return OverlappingPredictor(options, None)

    def _open_traced(
        self, model: Path, options: Any, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        del model
        if options.refused and not options.parallel:
            raise LoadError("it is never serial", where="overlapping", fix="let it overlap")
        tracer = OverlappingTracer(levels)
        return OverlappingPredictor(options, tracer), (tracer,)
