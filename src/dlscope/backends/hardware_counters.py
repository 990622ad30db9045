"""Whether this machine lets a program count cycles, cache misses and the like of its own."""

from __future__ import annotations

import functools
import shutil
import subprocess

from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability

_NAME = "perf"
_TIMEOUT_S = 10
_ANALYTIC = "use the work that is computed from the shapes"


@functools.cache
def counter_capability() -> Capability:
    """Why level COUNTER has no tracer on the processor; asks the machine once."""
    reason = _reason()
    return Capability(Level.COUNTER, _NAME, is_available=False, reason=reason, fix=_ANALYTIC)


def _reason() -> str:
    if shutil.which("perf") is None:
        return "perf, which reads hardware counters, is not installed"
    counted = subprocess.run(
        ["perf", "stat", "-e", "cycles", "true"],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if "<not supported>" in counted.stderr:
        return "hardware counters are not supported here, as in most virtual machines"
    if counted.returncode:
        return "perf is not allowed to read hardware counters"
    return "hardware counters of the processor cannot be told apart by layer"
