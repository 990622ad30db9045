"""`XPlaneTracer`: which operations of a compiled program JAX's own profiler saw, and when."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, final

import jax

from dlscope.core.trace import Level
from dlscope.tracing.sources.xplane import TRACER, Marked, XEvent, read_xplane, shift_of
from dlscope.tracing.tracer import Capability, Drained, Tracer

_ANCHOR = "dlscope-anchor"
_ANCHORS = 8  # the first takes longest, and any may be interrupted
_FUSED = "XLA fuses the layers of the graph and does not tell which of them an operation is made of"


@final
class XPlaneTracer(Tracer):
    """COMPILER spans of what XLA made of the graph, on the processor: fusions, convolutions, calls.

    The profiler of XLA serves one at a time. It is on from start to stop, and all that it saw is
    kept in memory until then.
    """

    name = TRACER
    levels = (Level.COMPILER,)
    resolution_ns = 1_000
    excludes = "XLA"

    def __init__(self) -> None:
        self._folder = Path()
        self._clean = ExitStack()
        self._marks: list[Marked] = []

    def _start(self) -> None:
        with ExitStack() as clean:
            folder = clean.enter_context(tempfile.TemporaryDirectory(prefix="dlscope-xplane-"))
            jax.profiler.start_trace(folder, profiler_options=_options())
            self._folder, self._clean = Path(folder), clean.pop_all()
        self._marks = [_marked(f"{_ANCHOR}-{number}") for number in range(_ANCHORS)]

    def _stop(self) -> None:
        jax.profiler.stop_trace()

    def _drain(self) -> Drained:
        with self._clean:
            (path,) = self._folder.rglob("*.xplane.pb")
            events = list(_events(jax.profiler.ProfileData.from_file(str(path))))
        return Drained(read_xplane(events, shift_of(events, self._marks), os.getpid()))


def capabilities() -> tuple[Capability, ...]:
    """What can be seen of JAX on the processor."""
    return (
        Capability(Level.COMPILER, XPlaneTracer.name),
        _unseen(Level.LAYER, _FUSED),
        _unseen(Level.LIBRARY, "XLA does not tell which functions of a library it calls"),
        _unseen(Level.KERNEL, "XLA compiles its kernels itself and gives them no names"),
    )


def _unseen(level: Level, reason: str) -> Capability:
    return Capability(
        level, XPlaneTracer.name, is_available=False, reason=reason, fix="trace down to COMPILER"
    )


def _marked(name: str) -> Marked:
    before_ns = time.perf_counter_ns()
    with jax.profiler.TraceAnnotation(name):
        pass
    return Marked(name, before_ns, time.perf_counter_ns())


def _options() -> Any:
    options = jax.profiler.ProfileOptions()
    # An event for each call of Python would cost more than what is measured.
    options.python_tracer_level = 0
    options.enable_hlo_proto = False
    return options


def _events(profile: Any) -> Iterator[XEvent]:
    for plane in profile.planes:
        for line in plane.lines:
            for event in line.events:
                times = (round(event.start_ns), round(event.duration_ns))
                yield XEvent(plane.name, line.name, event.name, *times, dict(event.stats))
