"""Which iteration a span belongs to, and its place among its siblings there."""

from __future__ import annotations

import numpy as np

from dlscope.core.trace import Trace
from dlscope.tracing.merge import SLACK_NS


def within(trace: Trace, outer: Trace, slack_ns: int = SLACK_NS) -> Trace:
    """The spans of `trace` inside one of `outer`, which follow one another, as of its iteration.

    Spans of a device count by their start alone: they may end after the host went on.
    """
    if not len(outer):
        return trace.take(np.empty(0, dtype=np.int64))
    order = np.argsort(outer["start_ns"], kind="stable")
    starts, ends = outer["start_ns"][order], outer["end_ns"][order]
    place = np.searchsorted(starts, trace["start_ns"] + slack_ns, "right") - 1
    held = order[np.maximum(place, 0)]
    end = np.where(trace["device"] >= 0, trace["start_ns"], trace["end_ns"])
    is_inside = (place >= 0) & (end <= ends[np.maximum(place, 0)] + slack_ns)
    kept = trace.take(is_inside)
    return kept.with_columns(
        run=outer["run"][held][is_inside], iteration=outer["iteration"][held][is_inside]
    )


def numbered(trace: Trace) -> Trace:
    """`trace` with `index`: the place of each span among its siblings of one level, from 0."""
    keys = (trace["start_ns"], trace["level"], trace["parent_id"], trace["iteration"], trace["run"])
    order = np.lexsort(keys)
    sibling = np.stack([key[order] for key in keys[1:]])
    is_first = np.ones(len(trace), dtype=np.bool_)
    is_first[1:] = np.any(np.diff(sibling, axis=1), axis=0)
    places = np.arange(len(trace))
    first = np.maximum.accumulate(np.where(is_first, places, 0))
    index = np.empty(len(trace), dtype=np.int32)
    index[order] = places - first
    return trace.with_columns(index=index)
