"""`RemoteTracer`: ONNX Runtime's own profile of a session in an isolated stack."""

from __future__ import annotations

import os
from collections.abc import Collection
from types import SimpleNamespace
from typing import final

import numpy as np

from dlscope.backends.isolated.process import IsolatedProcess
from dlscope.backends.onnxruntime_profile import ProfileTracer
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Drained, Tracer


@final
class RemoteTracer(Tracer):
    """The tracer of a session here, over one in another process on the same clock.

    `prefix` is where that session must write its profile.
    """

    name = ProfileTracer.name
    levels = ProfileTracer.levels
    resolution_ns = ProfileTracer.resolution_ns

    def __init__(self, levels: Collection[Level]) -> None:
        settings = SimpleNamespace(profile_file_prefix="")
        self._tracer = ProfileTracer(levels)
        self._tracer.switch_on(settings)
        self.prefix: str = settings.profile_file_prefix

    def follow(self, process: IsolatedProcess, model: int) -> None:
        """Trace `model` of `process`, which was opened to be profiled."""
        self._tracer.follow(_Session(process, model))

    def _start(self) -> None:
        self._tracer.start()

    def _stop(self) -> None:
        self._tracer.stop()

    def _drain(self) -> Drained:
        found = self._tracer.drain()
        # Layers lie in the prediction that asked for them, which is a span of this process.
        own = np.full(len(found.trace), os.getpid())
        return Drained(found.trace.with_columns(process=own), found.diagnostics)


@final
class _Session:
    """The session over there, asked for its profile as one here would be."""

    def __init__(self, process: IsolatedProcess, model: int) -> None:
        self._process, self._model = process, model

    def get_profiling_start_time_ns(self) -> int:
        return int(self._process.ask("profile_start", model=self._model)[0]["start_ns"])

    def end_profiling(self) -> str:
        return str(self._process.ask("profile_end", model=self._model)[0]["path"])
