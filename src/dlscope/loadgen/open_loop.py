"""The open loop: queries arrive by a schedule, whether the system is free or not.

The system answers one query at a time, so that its queue needs no thread: query k begins at the
later of its due time and the end of query k − 1. A query that came while the system was busy was
issued on time; one that found it idle, when the loop woke. Latency counts from the due time, so a
system that stalls is charged for everyone who had to wait (no coordinated omission).

A system that answers several queries at once is not modelled here.
"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.run import Samples
from dlscope.loadgen.arrivals import Times
from dlscope.loadgen.closed_loop import Issue, Watch, answers, never
from dlscope.loadgen.recording import Recording
from dlscope.tracing.clock import Clock


def open_loop(
    issue: Issue,
    indices: Iterator[int],
    due_ns: Times,
    clock: Clock,
    watch: Watch = never,
    *,
    give_up_ns: int = 0,
) -> Samples:
    """Issue one query at each of `due_ns`, counted from the start of the loop.

    `give_up_ns` after the last due time (0 is never) what has not begun is recorded as failed: a
    system that far behind will not answer in time.
    """
    record, now = Recording(), clock.now_ns
    start = free = now()
    last = start + int(due_ns[-1])
    times = iter((due_ns + start).tolist())
    for due in times:
        index = next(indices)
        if free < due:
            clock.sleep_until(due)
            began = now()
        else:
            # It waited in the queue: the system was offered it on time.
            began = due
            if give_up_ns and free > last + give_up_ns:
                _abandon(record, due, times, free)
                break
        is_ok, free = answers(issue, index), now()
        record.add(index, due_ns=due, issued_ns=began, completed_ns=free, is_ok=is_ok)
        if watch(len(record.ok), free - start):
            break
    return record.samples()


def _abandon(record: Recording, first: int, rest: Iterator[int], now_ns: int) -> None:
    """Record queries that nobody will answer as failed at `now_ns`."""
    for due in (first, *rest):
        record.add(-1, due_ns=due, issued_ns=due, completed_ns=now_ns, is_ok=False)
