from __future__ import annotations

import time

from dlscope.methods.bounds.clocks import Clocks, Moment, taken_ns


def test_what_waits_for_a_core_is_not_counted() -> None:
    assert taken_ns(Moment(100, 50), Moment(190, 80)) == 30


def test_what_several_threads_take_together_is_no_longer_than_what_passed() -> None:
    assert taken_ns(Moment(100, 50), Moment(190, 250)) == 90


def test_the_wall_does_not_see_that_cpu_time_is_read() -> None:
    now = 0

    def wall() -> int:
        return now

    def cpu() -> int:
        nonlocal now
        now += 1_000
        return now

    clocks = Clocks(wall, cpu, lambda: 0)
    begin, end = clocks.begin(), clocks.end()
    assert end.wall_ns == begin.wall_ns


def test_sleeping_is_not_computing() -> None:
    clocks = Clocks()
    taken = []
    # Threads that other tests left behind compute now and then.
    for _ in range(10):
        begin = clocks.begin()
        time.sleep(0.02)
        taken.append(taken_ns(begin, clocks.end()))
    assert min(taken) < 10_000_000
