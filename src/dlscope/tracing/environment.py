"""Environment variables that libraries read when they are loaded, for the levels to be traced."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dlscope.core.trace import Level

_NEEDED: Mapping[Level, Mapping[str, str]] = {
    # oneDNN's verbose lines then tell when each primitive began.
    Level.LIBRARY: {"ONEDNN_VERBOSE_TIMESTAMP": "1"},
    # oneDNN then writes the addresses of its generated kernels where perf looks for them.
    Level.KERNEL: {"ONEDNN_JIT_PROFILE": "2"},
}


def trace_environment(levels: Collection[Level]) -> dict[str, str]:
    """The variables to set before the framework of the traced process is imported."""
    found: dict[str, str] = {}
    for level in sorted(levels):
        found |= _NEEDED.get(level, {})
    return found
