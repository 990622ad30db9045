from __future__ import annotations

import pytest

from dlscope.tracing.clock import MonotonicClock, VirtualClock


def test_a_virtual_clock_moves_only_when_told_to() -> None:
    clock = VirtualClock(start_ns=100)
    assert (clock.now_ns(), clock.now_ns()) == (100, 100)
    clock.advance(7)
    assert clock.now_ns() == 107


@pytest.mark.parametrize(("until_ns", "now_ns"), [(250, 250), (100, 100), (3, 100)])
def test_a_virtual_clock_sleeps_forwards_only(until_ns: int, now_ns: int) -> None:
    clock = VirtualClock(start_ns=100)
    clock.sleep_until(until_ns)
    assert clock.now_ns() == now_ns


def test_a_monotonic_clock_never_steps_back() -> None:
    clock = MonotonicClock()
    readings = [clock.now_ns() for _ in range(1000)]
    assert readings == sorted(readings)
    assert {type(reading) for reading in readings} == {int}


@pytest.mark.parametrize("ahead_ns", [-1_000_000, 0, 40_000, 2_000_000])
def test_a_monotonic_clock_never_wakes_early(ahead_ns: int) -> None:
    clock = MonotonicClock()
    due_ns = clock.now_ns() + ahead_ns
    clock.sleep_until(due_ns)
    assert clock.now_ns() >= due_ns
