"""How fast the system is, roughly: LoadGen prepares its queries before a test and must not run out.

The figure decides only how many queries are prepared. It is told to LoadGen as its "expected"
latency or rate, and kept with the settings.
"""

from __future__ import annotations

from collections.abc import Callable

from dlscope.core.errors import DlscopeError
from dlscope.loadgen.mlperf.keys import Number
from dlscope.loadgen.mlperf.requested import EXPECTED, Requested
from dlscope.loadgen.system_under_test import Query, SystemUnderTest
from dlscope.tracing.clock import Clock

_TRIALS = 5
# Prepared queries take about 300 bytes each in LoadGen.
_MOST_PREPARED = 5_000_000
_SLACK = 2.0


def expectation(asked: Requested, system: SystemUnderTest, clock: Clock) -> dict[str, Number]:
    """The expected latency in ns, offline the rate in samples/s; nothing where it is given.

    The fastest of five queries, and twice as fast again, so that a system that warms up does not
    end the test; never more than 5 million queries.
    """
    name = EXPECTED.get(asked.scenario)
    if name is None or name in asked.fields:
        return {}
    seconds = float(asked.fields["min_duration_ms"]) / 1e3
    fastest_ns = _fastest_ns(asked.samples_per_query, system, clock)
    if asked.scenario == "Offline":
        return {name: min(_SLACK * 1e9 / fastest_ns, _MOST_PREPARED / max(seconds, 1.0))}
    # LoadGen itself prepares for twice the time.
    least_ns = 2 * seconds * 1e9 / _MOST_PREPARED
    return {name: max(fastest_ns / _SLACK, least_ns, 1.0)}


def _fastest_ns(samples_per_query: int, system: SystemUnderTest, clock: Clock) -> int:
    samples = tuple(index % system.samples for index in range(samples_per_query))
    loaded = sorted(set(samples))
    system.load(loaded)
    try:
        return min(_timed_ns(system.answer, samples, clock) for _ in range(_TRIALS))
    finally:
        system.unload(loaded)


def _timed_ns(answer: Callable[[Query], None], samples: Query, clock: Clock) -> int:
    began = clock.now_ns()
    try:
        answer(samples)
    except DlscopeError:
        # It fails in the test as well, and is counted there.
        return max(clock.now_ns() - began, 1)
    return max(clock.now_ns() - began, 1)
