"""`ProfilerTracer`: which operators TensorFlow's own profiler saw its executor run, and when."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, final

import tensorflow as tf

from dlscope.backends.hardware_counters import counter_capability
from dlscope.backends.silenced import silenced
from dlscope.core.trace import Level
from dlscope.tracing.sources.tensorflow_operators import TRACER, Layer, read_operators
from dlscope.tracing.sources.xplane import Marked, XEvent, shift_of
from dlscope.tracing.tracer import Capability, Drained, Tracer

_ANCHOR = "dlscope-anchor"
_ANCHORS = 8  # the first takes longest, and any may be interrupted
_NS = 1000  # ps in a ns


@final
class ProfilerTracer(Tracer):
    """A LAYER span for each operator that ran; its KERNEL is the class of the operator.

    The profiler serves one at a time. It is on from start to stop, and all that it saw is kept in
    memory until then. `scopes` tell the nodes of the model.
    """

    name = TRACER
    levels = (Level.LAYER, Level.KERNEL)
    resolution_ns = 1_000
    excludes = "XLA"

    def __init__(self, levels: Collection[Level], scopes: Mapping[str, Layer]) -> None:
        self._levels = set(levels) & set(self.levels)
        self._scopes = scopes
        self._folder = Path()
        self._clean = ExitStack()
        self._marks: list[Marked] = []

    def _start(self) -> None:
        with ExitStack() as clean:
            folder = clean.enter_context(tempfile.TemporaryDirectory(prefix="dlscope-xplane-"))
            with silenced():
                tf.profiler.experimental.start(folder, _options())
            self._folder, self._clean = Path(folder), clean.pop_all()
        self._marks = [_marked(f"{_ANCHOR}-{number}") for number in range(_ANCHORS)]

    def _stop(self) -> None:
        with silenced():
            tf.profiler.experimental.stop()

    def _drain(self) -> Drained:
        with self._clean:
            (path,) = self._folder.rglob("*.xplane.pb")
            events = list(_events(path))
        shift_ns = shift_of(events, self._marks)
        return Drained(
            read_operators(events, shift_ns, os.getpid(), scopes=self._scopes, levels=self._levels)
        )


def capabilities() -> tuple[Capability, ...]:
    """What can be seen of TensorFlow on the processor."""
    return (
        *(Capability(level, ProfilerTracer.name) for level in ProfilerTracer.levels),
        Capability(
            Level.LIBRARY,
            ProfilerTracer.name,
            is_available=False,
            reason="TensorFlow does not tell which functions of a library an operator calls",
        ),
        counter_capability(),
    )


def _marked(name: str) -> Marked:
    before_ns = time.perf_counter_ns()
    with tf.profiler.experimental.Trace(name):
        pass
    return Marked(name, before_ns, time.perf_counter_ns())


def _options() -> Any:
    # An event for each call of Python would cost more than what is measured.
    return tf.profiler.experimental.ProfilerOptions(
        host_tracer_level=2, python_tracer_level=0, device_tracer_level=0
    )


def _events(path: Path) -> Iterator[XEvent]:
    """The events of a profile by name and time: all of an operator that is needed is its name."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                start_ns = line.timestamp_ns + event.offset_ps // _NS
                times = (start_ns, event.duration_ps // _NS)
                yield XEvent(plane.name, f"{line.name}/{line.id}", name, *times, {})
