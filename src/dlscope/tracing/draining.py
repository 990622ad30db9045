"""What tracers saw of measured forward calls, from the model down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.core.trace import UNRESOLVED, Level, Trace
from dlscope.tracing.iterations import within
from dlscope.tracing.tracer import Diagnostic, Tracer


def drained(tracers: Sequence[Tracer], model: Trace) -> tuple[list[Trace], tuple[Diagnostic, ...]]:
    """The spans of each tracer inside the spans of `model`, as of their iterations.

    `model` is our own span of each forward call, which follow one another; a span of the model
    that a tracer tells is left out, and what lay in it has no parent yet. Tracers were stopped.
    """
    traces: list[Trace] = []
    diagnostics: list[Diagnostic] = []
    for tracer in tracers:
        found = tracer.drain()
        diagnostics.extend(found.diagnostics)
        traces.append(_below_model(within(found.trace, model)))
    return traces, tuple(diagnostics)


def _below_model(trace: Trace) -> Trace:
    kept = trace.take(trace["level"] > Level.MODEL)
    is_orphaned = ~np.isin(kept["parent_id"], kept["id"])
    return kept.with_columns(parent_id=np.where(is_orphaned, UNRESOLVED, kept["parent_id"]))
