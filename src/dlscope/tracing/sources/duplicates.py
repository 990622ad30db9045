"""What to do with an id that several spans of a file have."""

from __future__ import annotations

import numpy as np

from dlscope.core.trace import Trace


def longest_of_each_id(trace: Trace) -> tuple[Trace, int]:
    """One span for each id of each tracer, the longest, in the given order; and how many went."""
    keys = [trace["end_ns"] - trace["start_ns"], trace["id"], trace["tracer"], trace["run"]]
    order = np.lexsort(keys)
    same = np.ones(max(len(trace) - 1, 0), dtype=bool)
    for key in keys[1:]:
        same &= key[order][:-1] == key[order][1:]
    kept = np.sort(order[np.append(~same, True)]) if len(trace) else order
    return trace.take(kept), len(trace) - kept.size
