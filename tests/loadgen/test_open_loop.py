from __future__ import annotations

import itertools

import numpy as np
import pytest

from dlscope.core.run import Samples
from dlscope.core.stats import percentile
from dlscope.loadgen.open_loop import open_loop
from dlscope.tracing.clock import VirtualClock

MS = 1_000_000


def _run(serving, clock: VirtualClock, due, *service_ns: int, **named: object) -> Samples:
    system = serving(*service_ns)
    times = np.array(due, dtype=np.int64)
    return open_loop(
        lambda index: system.answer((index,)), itertools.repeat(0), times, clock, **named
    )


def test_a_query_that_finds_the_system_free_takes_its_service_time(serving, clock) -> None:
    samples = _run(serving, clock, [0, 100, 200], 30)
    assert samples.latency_ns.tolist() == [30, 30, 30]
    assert samples.scheduled_ns.tolist() == [1000, 1100, 1200]
    assert samples.lateness_ns.tolist() == [0, 0, 0]


def test_a_query_that_has_to_wait_is_charged_from_when_it_was_due(serving, clock) -> None:
    samples = _run(serving, clock, [0, 10, 20], 30)
    # The second begins at 30 and the third at 60: latencies count from 10 and 20.
    assert samples.completed_ns.tolist() == [1030, 1060, 1090]
    assert samples.latency_ns.tolist() == [30, 50, 70]
    # The generator was not late: it was the system that kept them waiting.
    assert samples.lateness_ns.tolist() == [0, 0, 0]


def test_a_generator_that_oversleeps_is_late(serving) -> None:
    class Oversleeping:
        def __init__(self) -> None:
            self.inner = VirtualClock()

        def now_ns(self) -> int:
            return self.inner.now_ns()

        def sleep_until(self, time_ns: int) -> None:
            self.inner.sleep_until(time_ns + 7)

    clock = Oversleeping()
    samples = open_loop(
        lambda _: clock.inner.advance(5),
        itertools.repeat(0),
        np.array([0, 100], dtype=np.int64),
        clock,
    )
    assert samples.lateness_ns.tolist() == [0, 7]
    assert samples.latency_ns.tolist() == [5, 12]


def test_a_stall_of_a_second_is_charged_to_everyone_who_waited(serving, clock) -> None:
    """10 s at 100 queries/s, answered in 1 ms each, once in 1 s."""
    due = np.arange(1000) * 10 * MS
    service = [1 * MS] * 1000
    service[300] = 1000 * MS
    samples = _run(serving, clock, due, *service)
    latencies = np.sort(samples.latency_ns)
    # A generator that measures from the actual issue would call the 99th percentile 1 ms.
    assert percentile(latencies, 0.99) >= 850 * MS
    assert latencies[-1] == 1000 * MS
    # Those due during the stall waited less and less: about a hundred of a thousand.
    assert int((latencies > 2 * MS).sum()) == 111


def test_failed_queries_fail_alone(serving, clock) -> None:
    system = serving(10)
    system.failing = {1}
    samples = open_loop(
        lambda index: system.answer((index,)),
        iter([4, 5, 6]),
        np.array([0, 50, 100], dtype=np.int64),
        clock,
    )
    assert samples.ok.tolist() == [True, False, True]
    assert samples.sample.tolist() == [4, 5, 6]


def test_what_has_not_begun_when_nobody_can_wait_longer_is_failed(serving, clock) -> None:
    samples = _run(serving, clock, [0, 10, 20, 30], 100, give_up_ns=120)
    # The last was due at 30; at 200 > 30 + 120 those that have not begun are given up.
    assert samples.ok.tolist() == [True, True, False, False]
    assert len(samples) == 4
    assert samples.sample.tolist() == [0, 0, -1, -1]
    assert (samples.completed_ns[2:] == 1200).all()


def test_the_watch_ends_the_run(serving, clock) -> None:
    seen: list[tuple[int, int]] = []

    def watch(queries: int, elapsed_ns: int) -> bool:
        seen.append((queries, elapsed_ns))
        return queries == 2

    samples = _run(serving, clock, [0, 100, 200], 30, watch=watch)
    assert len(samples) == 2
    assert seen == [(1, 30), (2, 130)]


@pytest.mark.parametrize("rate_qps", [50, 90, 99, 101])
def test_waiting_follows_lindleys_recursion(serving, clock, rate_qps: float) -> None:
    """W(k+1) = max(0, W(k) + S − A(k)): waiting time, service time, gap to the next arrival."""
    generator = np.random.default_rng(3)
    due = np.round(np.cumsum(generator.exponential(1e9 / rate_qps, 500))).astype(np.int64)
    samples = _run(serving, clock, due, 10 * MS)
    waiting = 0
    for gap, latency in zip([*np.diff(due).tolist(), 0], samples.latency_ns.tolist(), strict=True):
        assert latency == waiting + 10 * MS
        waiting = max(0, waiting + 10 * MS - gap)
