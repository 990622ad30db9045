"""`IsolatedFramework`: a framework started in its stack, each part of that timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import psutil

from dlscope.backends.isolated.backend import ISOLATED, IsolatedBackend
from dlscope.core.manifest import FrameworkManifest
from dlscope.methods.evaluation.cold_start import ColdStart
from dlscope.stacks.isolated import provide

Progress = Callable[[Mapping[str, Any]], None]


@final
@dataclass(frozen=True)
class IsolatedFramework:
    """A framework as planned, and the backend whose worker has imported it."""

    framework: FrameworkManifest
    backend: IsolatedBackend

    @classmethod
    def started(cls, framework: FrameworkManifest, cold: ColdStart, progress: Progress) -> Self:
        """The worker of `framework`, in its stack, which is made where it is missing.

        From then on `cold` counts the CPU time of the worker, too.
        """
        assert framework.stack is not None
        with cold.stage("provision"):
            stack = provide(
                framework.name, framework.stack, tell=lambda step: progress({"step": step})
            )
        with cold.stage("import"):
            backend = ISOLATED[framework.backend](stack.python, framework.options["threads"])
            cold.cpu_ns = _cpu_ns_with(backend.process.pid)
            backend.import_framework()
        return cls(framework, backend)


def _cpu_ns_with(pid: int) -> Callable[[], int]:
    """Reads the CPU time of this process and of process `pid`."""
    process = psutil.Process(pid)

    def cpu_ns() -> int:
        times = process.cpu_times()
        return time.process_time_ns() + round((times.user + times.system) * 1e9)

    return cpu_ns
