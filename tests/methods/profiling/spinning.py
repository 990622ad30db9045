"""A backend whose layers burn exactly as much CPU time as it is told, and so does its tracer."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.core.errors import LoadError, OutOfMemory
from dlscope.core.trace import Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.tracer import Capability, Drained, Tracer


@final
class SpinningOptions(Options):
    """`layers` of `layer_ns` each; `tracer_ns` is what the tracer burns for each of them.

    `fails_to` is the step at which the tracer fails. The process is killed in prediction `dies_at`,
    or ends with a stated error called `ends_with`. `differs` has traced runs report another option.
    """

    layers: int = 3
    layer_ns: int = 100_000
    tracer_ns: int = 0
    fails_to: str = ""
    dies_at: int = 0
    ends_with: str = ""
    differs: bool = False


def _spin(duration_ns: int) -> None:
    end_ns = time.thread_time_ns() + duration_ns
    while time.thread_time_ns() < end_ns:
        pass


@final
class SpinningTracer(Tracer):
    """A LAYER span for each layer."""

    name: ClassVar[str] = "spinning"
    levels: ClassVar[tuple[Level, ...]] = (Level.LAYER,)

    def __init__(self, options: SpinningOptions) -> None:
        self._options = options
        self._times: list[tuple[int, int, int]] = []
        self.is_on = False

    def saw(self, layer: int, start_ns: int) -> None:
        _spin(self._options.tracer_ns)
        self._times.append((layer, start_ns, time.perf_counter_ns()))

    def _start(self) -> None:
        self._fail("start")
        self.is_on = True

    def _stop(self) -> None:
        self.is_on = False
        self._fail("stop")

    def _drain(self) -> Drained:
        self._fail("drain")
        spans = HostSpans(self.name, Caller(os.getpid(), threading.get_native_id()))
        for layer, start_ns, end_ns in self._times:
            spans.add(Level.LAYER, f"layer {layer}", start_ns, end_ns - start_ns, type="Spin")
        return Drained(spans.trace())

    def _fail(self, step: str) -> None:
        if self._options.fails_to == step:
            raise RuntimeError("the profiler is broken")


@final
class SpinningPredictor(Predictor):
    """Layers that do nothing but take their time."""

    def __init__(self, options: SpinningOptions, tracer: SpinningTracer | None = None) -> None:
        self.inputs = (TensorSpec("x", "float32", (None, 3, 8, 8)),)
        self.outputs = (TensorSpec("y", "float32", (None, 4)),)
        self._options, self._tracer = options, tracer
        self._predictions = 0

    def report(self) -> dict[str, str | int | float | bool]:
        is_other = self._options.differs and self._tracer is not None
        return {
            "precision": "none",
            "threads": 2 if is_other else 1,
            "fused": not is_other,
            # What is measured differs each time, and is no other setting.
            "opened_ns": time.perf_counter_ns(),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        self._predictions += 1
        if self._predictions == self._options.dies_at:
            self._die()
        for layer in range(self._options.layers):
            start_ns = time.perf_counter_ns()
            _spin(self._options.layer_ns)
            if self._tracer is not None and self._tracer.is_on:
                self._tracer.saw(layer, start_ns)
        return {"y": np.zeros((len(feeds["x"]), 4), np.float32)}

    def _die(self) -> None:
        for number in range(5):
            sys.stdout.write(f"last words {number}\n")
            sys.stdout.flush()
        if self._options.ends_with == "OutOfMemory":
            raise OutOfMemory("out of memory: no room", where="here", fix="less")
        os.kill(os.getpid(), signal.SIGKILL)


@final
class SpinningBackend(Backend):
    """Opens any graph."""

    name = "spinning"
    levels = ("MODEL", "LAYER")
    options = SpinningOptions

    @classmethod
    def version(cls) -> str:
        return "1.0"

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        return (
            Capability(Level.LAYER, SpinningTracer.name),
            Capability(Level.LIBRARY, "none", False, "nothing is called", "call something"),
        )

    def _open(self, model: Path, options: Any) -> Predictor:
        del model
        return SpinningPredictor(options)

    def _open_traced(
        self, model: Path, options: Any, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        del model
        if options.ends_with == "LoadError":
            raise LoadError("the graph is cut off", where="y", fix="export it")
        if Level.LAYER not in levels:
            return SpinningPredictor(options), ()
        tracer = SpinningTracer(options)
        return SpinningPredictor(options, tracer), (tracer,)
