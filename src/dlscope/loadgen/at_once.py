"""Offline: every sample in one query, answered as fast as the system can."""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.run import Samples
from dlscope.loadgen.closed_loop import Issue, Watch, answers, never
from dlscope.loadgen.recording import Recording
from dlscope.loadgen.stop_rule import StopRule
from dlscope.tracing.clock import Clock


def at_once(
    issue: Issue, indices: Iterator[int], rule: StopRule, clock: Clock, watch: Watch = never
) -> Samples:
    """One row for each part of the query that was answered, all issued at the same moment.

    A part is what the system takes at a time: one sample, or a batch. `rule` counts parts.
    """
    record, now = Recording(), clock.now_ns
    start = now()
    while True:
        index = next(indices)
        is_ok, done = answers(issue, index), now()
        record.add(index, due_ns=start, issued_ns=start, completed_ns=done, is_ok=is_ok)
        if rule.ends(len(record.ok), done - start) or watch(len(record.ok), done - start):
            return record.samples()
