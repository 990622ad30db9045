from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dlscope.backends.mock import MockPredictor
from dlscope.core.errors import BackendError
from dlscope.core.run import Samples
from dlscope.loadgen.closed_loop import closed_loop
from dlscope.loadgen.stop_rule import StopRule
from dlscope.tracing.clock import VirtualClock

MS = 1_000_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start_ns=5_000)


def _mock(clock: VirtualClock, *delays_ns: int, fail_every: int = 0) -> Callable[[int], None]:
    predictor = MockPredictor((), (), delays_ns, clock, fail_every=fail_every)

    def issue(index: int) -> None:
        predictor.predict({})

    return issue


def _queries(count: int) -> StopRule:
    return StopRule(min_queries=count, min_duration_ns=0, max_queries=0, max_duration_ns=0)


def _lasting(duration_ns: int) -> StopRule:
    return StopRule(min_queries=1, min_duration_ns=duration_ns, max_queries=0, max_duration_ns=0)


def test_latencies_are_exactly_the_delays(clock: VirtualClock) -> None:
    samples = closed_loop(_mock(clock, 10, 20, 30), itertools.repeat(0), _queries(7), clock)
    assert samples.latency_ns.tolist() == [10, 20, 30, 10, 20, 30, 10]
    assert samples.issued_ns.tolist() == [5000, 5010, 5030, 5060, 5070, 5090, 5120]
    assert samples.completed_ns.tolist() == [5010, 5030, 5060, 5070, 5090, 5120, 5130]


def test_each_query_is_scheduled_when_it_is_issued(clock: VirtualClock) -> None:
    samples = closed_loop(_mock(clock, 10), itertools.repeat(0), _queries(3), clock)
    np.testing.assert_array_equal(samples.scheduled_ns, samples.issued_ns)
    assert samples.scheduled_ns.dtype == samples.completed_ns.dtype == np.int64
    assert samples.ok.dtype == np.bool_


def test_queries_ask_for_the_given_samples_in_order(clock: VirtualClock) -> None:
    asked: list[int] = []
    closed_loop(asked.append, iter([4, 2, 9, 7]), _queries(3), clock)
    assert asked == [4, 2, 9]


def test_choosing_the_next_sample_is_not_part_of_a_latency(clock: VirtualClock) -> None:
    def slow_choice() -> Iterator[int]:
        while True:
            clock.advance(1000)
            yield 0

    samples = closed_loop(_mock(clock, 10), slow_choice(), _queries(3), clock)
    assert samples.latency_ns.tolist() == [10, 10, 10]
    assert samples.duration_ns == 3 * 10 + 2 * 1000


def test_a_run_ended_by_its_minimum_duration_lasts_that_long(clock: VirtualClock) -> None:
    def slow_first_choice() -> Iterator[int]:
        clock.advance(400 * MS)  # it must not count: nothing has been issued yet
        yield from itertools.repeat(0)

    rule = _lasting(2000 * MS)
    samples = closed_loop(_mock(clock, 30 * MS), slow_first_choice(), rule, clock)
    assert len(samples) == 67
    assert samples.duration_ns == 2010 * MS


def test_the_minimum_duration_may_be_met_exactly(clock: VirtualClock) -> None:
    samples = closed_loop(_mock(clock, 20 * MS), itertools.repeat(0), _lasting(2000 * MS), clock)
    assert (len(samples), samples.duration_ns) == (100, 2000 * MS)


def test_a_failing_query_is_marked_and_the_run_goes_on(clock: VirtualClock) -> None:
    issue = _mock(clock, 10, fail_every=3)
    samples = closed_loop(issue, itertools.repeat(0), _queries(7), clock)
    assert samples.ok.tolist() == [True, True, False, True, True, False, True]
    assert len(samples) == 7
    assert samples.latency_ns.tolist() == [10] * 5


def test_an_error_that_is_not_stated_ends_the_run(clock: VirtualClock) -> None:
    def broken(index: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        closed_loop(broken, itertools.repeat(0), _queries(3), clock)


def test_a_run_of_failures_alone_still_ends(clock: VirtualClock) -> None:
    def refuse(index: int) -> None:
        clock.advance(10)
        raise BackendError("no", where="here", fix="none")

    samples = closed_loop(refuse, itertools.repeat(0), _lasting(100), clock)
    assert (len(samples), samples.ok.any(), samples.duration_ns) == (10, False, 100)


def test_the_watch_is_told_queries_and_elapsed_time(clock: VirtualClock) -> None:
    told: list[tuple[int, int]] = []

    def watch(queries: int, elapsed_ns: int) -> bool:
        told.append((queries, elapsed_ns))
        return False

    clock.advance(77)
    closed_loop(_mock(clock, 10, 15), itertools.repeat(0), _queries(3), clock, watch)
    # The query that ends the run by rule is not told any more.
    assert told == [(1, 10), (2, 25)]


def test_the_watch_ends_a_run_early(clock: VirtualClock) -> None:
    def watch(queries: int, elapsed_ns: int) -> bool:
        return elapsed_ns >= 40

    samples = closed_loop(_mock(clock, 10), itertools.repeat(0), _queries(1000), clock, watch)
    assert len(samples) == 4


def test_a_maximum_ends_a_run_before_its_minima(clock: VirtualClock) -> None:
    def run(rule: StopRule) -> Samples:
        return closed_loop(_mock(clock, 10), itertools.repeat(0), rule, clock)

    assert len(run(StopRule(100, 10**12, 6, 0))) == 6
    assert len(run(StopRule(100, 10**12, 0, 55))) == 6
