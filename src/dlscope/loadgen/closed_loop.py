"""The closed loop: each query is issued when the one before it has been answered."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import numpy as np

from dlscope.core.errors import DlscopeError
from dlscope.core.run import Samples
from dlscope.loadgen.stop_rule import StopRule
from dlscope.tracing.clock import Clock

Issue = Callable[[int], None]
"""Answers one query for the given sample; a `DlscopeError` fails that query alone."""
Watch = Callable[[int, int], bool]
"""Told the number of queries and the elapsed ns after each query; true ends the run early."""


def never(queries: int, elapsed_ns: int) -> bool:
    """Lets a run go on."""
    del queries, elapsed_ns
    return False


def answers(issue: Issue, index: int) -> bool:
    """Whether the query for the sample `index` was answered."""
    try:
        issue(index)
    except DlscopeError:
        return False
    return True


def closed_loop(
    issue: Issue,
    indices: Iterator[int],
    rule: StopRule,
    clock: Clock,
    watch: Watch = never,
) -> Samples:
    """Issue queries one after another until `rule` ends the run.

    Latency is taken between the two clock reads around `issue` and contains nothing else. Elapsed
    time counts from the first issue, so that a run ended by `min_duration_ns` lasts that long. All
    is done in place, since what a call costs here would be a twentieth of what a query costs.
    """
    issued, completed, sample, ok = array("q"), array("q"), array("i"), bytearray()
    now = clock.now_ns
    while True:
        index = next(indices)
        before = now()
        try:
            issue(index)
        except DlscopeError:
            succeeded = 0
        else:
            succeeded = 1
        after = now()
        issued.append(before)
        completed.append(after)
        sample.append(index)
        ok.append(succeeded)
        queries, elapsed = len(ok), after - issued[0]
        if rule.ends(queries, elapsed) or watch(queries, elapsed):
            break
    issued_ns = np.array(issued, dtype=np.int64)
    return Samples(
        scheduled_ns=issued_ns,
        issued_ns=issued_ns,
        completed_ns=np.array(completed, dtype=np.int64),
        ok=np.frombuffer(bytes(ok), dtype=np.bool_),
        sample=np.array(sample, dtype=np.int32),
    )
