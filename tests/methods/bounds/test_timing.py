"""Timing on a clock that moves only as the calls say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import chain, cycle, repeat
from typing import final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.timing import StopRule, hot, relative_half_width, sampled


@final
class Clock:
    """Stands still but for what `run` makes of it."""

    def __init__(self) -> None:
        self.now = 0
        self.calls = 0

    def __call__(self) -> int:
        return self.now

    def run(self, costs: Iterable[int]) -> Callable[[], None]:
        """A call that takes as long as the next of `costs`."""
        remaining = iter(costs)

        def call() -> None:
            self.now += next(remaining)
            self.calls += 1

        return call


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_an_empty_call_takes_is_taken_off(clock) -> None:
    timing = hot(clock.run(repeat(30_000)), clock.run(repeat(2_000)), StopRule(), clock)
    assert timing.overhead_ns == 2_000
    assert timing.raw_ns.tolist() == [30_000] * 15
    assert timing.net_ns.tolist() == [28_000] * 15
    assert (timing.calls, timing.floored) == (1, 0)


def test_nothing_takes_less_than_nothing(clock) -> None:
    timing = hot(clock.run(repeat(3_000)), clock.run(repeat(5_000)), StopRule(), clock)
    assert timing.net_ns.tolist() == [0] * 15
    assert timing.raw_ns.tolist() == [3_000] * 15
    assert timing.floored == 15


@pytest.mark.parametrize(
    ("call_ns", "calls"), [(20_000, 1), (19_999, 2), (700, 29), (1, 10_000), (0, 10_000)]
)
def test_short_calls_are_timed_several_at_once(clock, call_ns, calls) -> None:
    samples, found = sampled(clock.run(repeat(call_ns)), StopRule(), clock)
    assert found == calls
    assert samples.tolist() == [call_ns] * 15


def test_a_sample_of_several_calls_is_their_mean(clock) -> None:
    warm = repeat(10_000, 500)
    samples, calls = sampled(clock.run(chain(warm, cycle([9_000, 11_001]))), StopRule(), clock)
    assert calls == 2
    assert set(samples.tolist()) == {10_000}  # 10 000.5, to the even


def test_the_first_calls_do_not_count(clock) -> None:
    costs = chain([9_000_000, 8_000_000, 7_000_000], repeat(50_000))
    samples, _ = sampled(clock.run(costs), StopRule(), clock)
    assert samples.tolist() == [50_000] * 15


def test_short_calls_are_warmed_up_for_longer(clock) -> None:
    costs = chain(repeat(60_000, 80), repeat(50_000))
    samples, _ = sampled(clock.run(costs), StopRule(), clock)
    assert set(samples.tolist()) == {50_000}


def test_fifteen_samples_are_taken_however_long_they_take(clock) -> None:
    samples, _ = sampled(clock.run(cycle([2_000_000_000, 3_000_000_000])), StopRule(), clock)
    assert samples.size == 15


def test_unsteady_calls_are_repeated_until_the_time_is_spent(clock) -> None:
    costs = cycle([1_000_000, 2_000_000])
    samples, _ = sampled(clock.run(costs), StopRule(seconds=0.6), clock)
    spent_ns = int(samples.sum())
    assert 600_000_000 <= spent_ns < 700_000_000


def test_calls_that_settle_end_before_the_time_is_spent(clock) -> None:
    generator = np.random.default_rng(0)
    costs = generator.normal(1_000_000, 50_000, 20_000).astype(int).tolist()
    samples, _ = sampled(clock.run(costs), StopRule(seconds=10), clock)
    assert 15 < samples.size < 200
    assert relative_half_width(samples) <= 0.02


def test_half_the_interval_of_one_to_fifteen_is_between_the_fourth_and_the_thirteenth() -> None:
    assert relative_half_width(np.arange(1, 16)) == (13 - 4) / (2 * 8)


def test_samples_of_no_time_are_known_exactly_unless_some_are_not() -> None:
    assert relative_half_width(np.zeros(15, np.int64)) == 0
    assert relative_half_width(np.array([0] * 10 + [9] * 5)) == math.inf


@given(st.lists(st.integers(1, 10**9), min_size=15, max_size=60), st.integers(1, 1000))
def test_the_width_depends_on_neither_unit_nor_order(samples, factor) -> None:
    width = relative_half_width(np.array(samples))
    assert relative_half_width(np.array(samples[::-1]) * factor) == pytest.approx(width)
    assert width >= 0


def test_the_interval_holds_the_median_nineteen_times_in_twenty() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        samples = np.sort(generator.exponential(1e6, 41).astype(np.int64))
        n = samples.size
        reach = 1.959963984540054 * math.sqrt(n) / 2
        low, high = samples[math.floor(n / 2 - reach)], samples[math.ceil(n / 2 + reach)]
        assert relative_half_width(samples) == pytest.approx((high - low) / 2 / np.median(samples))
        held += low <= math.log(2) * 1e6 <= high
    assert 940 <= held <= 985


def test_a_rule_is_not_met_by_too_few_samples() -> None:
    assert not StopRule(samples=5).is_met(np.ones(4, np.int64), 10**10)
    assert StopRule(samples=5).is_met(np.ones(5, np.int64), 0)
    assert StopRule(seconds=2).is_met(np.arange(15), 2 * 10**9)
    assert not StopRule(seconds=2).is_met(np.arange(15), 2 * 10**9 - 1)
