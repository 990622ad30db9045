from __future__ import annotations

import numpy as np

from dlscope.core.trace import UNRESOLVED, Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans


def test_spans_are_numbered_and_know_their_caller_and_no_parent() -> None:
    spans = HostSpans("probe", Caller(7, 8), kind="sample")
    spans.add(Level.LAYER, "one", 10, 5, type="Conv", attributes={"a": 1})
    spans.add(Level.KERNEL, "two", 11, 0, caller=Caller(7, 9), cpu_ns=3)
    one, two = spans.trace()
    assert (one.id, one.parent_id, one.level) == (1, UNRESOLVED, Level.LAYER)
    assert (one.name, one.type, one.tracer, one.kind) == ("one", "Conv", "probe", "sample")
    assert (one.start_ns, one.end_ns, one.cpu_ns, one.attributes) == (10, 15, -1, {"a": 1})
    assert (one.process, one.thread) == (7, 8)
    assert (two.id, two.thread, two.cpu_ns, two.attributes) == (2, 9, 3, {})


def test_starts_are_converted_and_durations_kept() -> None:
    def to_monotonic(epoch_ns: np.ndarray) -> np.ndarray:
        return epoch_ns - 10**18

    spans = HostSpans("probe", to_monotonic=to_monotonic)
    spans.add(Level.LAYER, "one", 10**18 + 1, 4)
    (one,) = spans.trace()
    assert (one.start_ns, one.end_ns) == (1, 5)


def test_nothing_added_is_an_empty_trace() -> None:
    assert len(HostSpans("probe").trace()) == 0
