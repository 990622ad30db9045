"""Which primitives of oneDNN and calls of MKL PyTorch makes, as both write down themselves.

Which of the two it calls depends on the shapes and on the number of threads: both are traced.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Mapping
from typing import ClassVar, final

import numpy as np
import torch

from dlscope.backends.captured_output import CapturedOutput, hand_on
from dlscope.backends.run_clock import RunClock
from dlscope.backends.torch_layers import Iteration, LayerClock
from dlscope.core.trace import Level, Trace
from dlscope.tracing.sources import mkl, onednn
from dlscope.tracing.sources.host_spans import Caller
from dlscope.tracing.sources.library_calls import Windows, placed, timed
from dlscope.tracing.tracer import Drained, Tracer


@final
class LibraryTracer(Tracer):
    """LIBRARY spans; without a sampling profiler KERNEL spans of what oneDNN says it ran.

    MKL does not tell when a call began, nor does oneDNN without its environment variable. Both
    write a line when a call is over, so that the layer in which it was written is known.
    Standard output is taken aside while it listens; what others wrote comes out at the end.
    """

    name = "verbose"
    levels = (Level.LIBRARY, Level.KERNEL)
    environment: ClassVar[Mapping[str, str]] = {"ONEDNN_VERBOSE_TIMESTAMP": "1"}
    resolution_ns = onednn.RESOLUTION_NS
    excludes = "standard output"

    def __init__(
        self, clock: LayerClock, output: CapturedOutput, levels: Collection[Level]
    ) -> None:
        self._layers = clock
        self._output = output
        self._levels = levels
        self._listening = contextlib.ExitStack()
        self._heard: list[Iteration] = []
        self._text = b""
        self._begin_bytes = 0
        self._clock = RunClock()
        self._thread = 0

    def _start(self) -> None:
        self._clock = RunClock()
        self._thread = threading.get_native_id()
        with contextlib.ExitStack() as stack:
            self._output.start()
            stack.callback(self._give_back)
            _turn_on(stack)
            self._begin_bytes = self._output.position()
            self._heard = self._layers.listen()
            self._listening = stack.pop_all()

    def _stop(self) -> None:
        self._layers.leave(self._heard)
        self._listening.close()
        self._clock.stop()

    def _give_back(self) -> None:
        self._text = self._output.stop()
        hand_on(self._text, (onednn.MARKER, mkl.MARKER))

    def _drain(self) -> Drained:
        text = self._text[self._begin_bytes :]
        primitives, calls = onednn.onednn_calls(text), mkl.mkl_calls(text)
        thread = self._heard[0].thread if self._heard else self._thread
        mine = Caller(os.getpid(), thread)
        trace = timed(primitives.calls, self._clock.epoch, onednn.TRACER, mine, self._levels)
        told = (*primitives.diagnostics, *calls.diagnostics, *self._clock.diagnostics)
        if Level.LIBRARY not in self._levels:
            return Drained(trace, told)
        windows = self._windows()
        untimed = [call for call in primitives.calls if call.epoch_ns is None]
        ordered, more = placed(untimed, windows, onednn.TRACER, mine)
        products, unplaced = placed(calls.calls, windows, mkl.TRACER, mine)
        whole = Trace.merged([trace, ordered, products])
        ids = np.arange(1, len(whole) + 1)
        return Drained(whole.with_columns(id=ids), (*told, *more, *unplaced))

    def _windows(self) -> Windows:
        times = (time for iteration in self._heard for time in iteration.times)
        marks = ((time.start_ns, time.end_ns, time.mark - self._begin_bytes) for time in times)
        return Windows.of(list(marks))


def _turn_on(stack: contextlib.ExitStack) -> None:
    if torch.backends.mkldnn.is_available():
        stack.enter_context(torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON))
    if torch.backends.mkl.is_available():
        stack.enter_context(torch.backends.mkl.verbose(torch.backends.mkl.VERBOSE_ON))
        # The first call that MKL writes down takes it most of a second: it measures its clock.
        torch.mm(torch.ones(2, 2), torch.ones(2, 2))
