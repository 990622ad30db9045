from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from dlscope.tracing.epoch import Anchor, EpochClock, anchor

HOUR_NS = 3600 * 10**9
EPOCH_NS = 1_700_000_000 * 10**9


def readings(values: Iterable[int]) -> Callable[[], int]:
    iterator = iter(values)
    return lambda: next(iterator)


def converted(clock: EpochClock, *times: int) -> list[int]:
    return clock.to_monotonic(np.array(times, dtype=np.int64)).tolist()


def test_the_anchor_is_the_tightest_of_sixteen_readings() -> None:
    # Each reading of the wall clock lies between two of the other: 100 apart, the ninth time 10.
    gaps = [100] * 8 + [10] + [100] * 7
    before = list(itertools.accumulate([0, *([1000] * 15)]))
    monotonic = [
        time for start, gap in zip(before, gaps, strict=True) for time in (start, start + gap)
    ]
    epoch = [EPOCH_NS + start + gap // 2 for start, gap in zip(before, gaps, strict=True)]
    assert anchor(readings(monotonic), readings(epoch)) == Anchor(8005, EPOCH_NS, 5)


def test_an_odd_gap_is_no_less_uncertain_than_it_is() -> None:
    monotonic = readings(itertools.cycle([10, 13]))
    found = anchor(monotonic, lambda: EPOCH_NS)
    assert (found.monotonic_ns, found.error_ns) == (11, 2)


def test_the_clocks_of_this_machine_can_be_anchored() -> None:
    found = anchor()
    now_ns = time.time_ns() - time.perf_counter_ns()
    assert 0 <= found.error_ns < 10**8
    assert abs(found.offset_ns - now_ns) < 10**9


def test_times_of_day_come_to_the_trace_clock_to_the_nanosecond() -> None:
    clock = EpochClock(Anchor(5_000, EPOCH_NS + 3, 20))
    # A float of these would be off by 256 ns.
    assert converted(clock, EPOCH_NS + 5_004, EPOCH_NS + HOUR_NS) == [5_001, HOUR_NS - 3]
    assert converted(clock) == []
    assert not clock.has_step


def test_drift_is_spread_between_start_and_end_and_not_beyond() -> None:
    clock = EpochClock(Anchor(0, EPOCH_NS, 1), Anchor(1_000_000, EPOCH_NS + 100, 2))
    times = [EPOCH_NS + each for each in (-10, 0, 500_000, 1_000_000, 2_000_000)]
    assert converted(clock, *times) == [-10, 0, 499_950, 999_900, 1_999_900]
    assert clock.error_ns == 2


@pytest.mark.parametrize(
    ("step_ns", "has_step"), [(50_000, False), (50_001, True), (-60_000, True)]
)
def test_a_wall_clock_that_was_set_is_told(step_ns: int, has_step: bool) -> None:
    end = Anchor(1_000, EPOCH_NS + step_ns, 1)
    assert EpochClock(Anchor(0, EPOCH_NS, 1), end).has_step is has_step


def test_anchors_of_one_moment_do_not_divide_by_no_time() -> None:
    clock = EpochClock(Anchor(7, EPOCH_NS, 1), Anchor(7, EPOCH_NS + 50, 1))
    assert converted(clock, EPOCH_NS + 9) == [9]
