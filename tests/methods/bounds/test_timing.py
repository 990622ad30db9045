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

from dlscope.methods.bounds.clocks import Clocks
from dlscope.methods.bounds.timing import StopRule, hot, relative_half_width, sampled


@final
class Machine:
    """Whose clocks stand still but for what `run` makes of them."""

    def __init__(self) -> None:
        self.now = 0
        self.waited = 0
        self.clocks = Clocks(lambda: self.now, lambda: self.now - self.waited, lambda: self.waited)

    def run(self, costs: Iterable[int], waits: Iterable[int] = repeat(0)) -> Callable[[], None]:
        """A call that takes as long as the next of `costs`, after the next of `waits`."""
        remaining, waiting = iter(costs), iter(waits)

        def call() -> None:
            waited = next(waiting)
            self.waited += waited
            self.now += waited + next(remaining)

        return call


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_what_an_empty_call_takes_is_taken_off(machine) -> None:
    timing = hot(
        machine.run(repeat(30_000)), machine.run(repeat(2_000)), StopRule(), machine.clocks
    )
    assert timing.overhead_ns == 2_000
    assert timing.raw_ns.tolist() == [30_000] * 15
    assert timing.net_ns.tolist() == [28_000] * 15
    assert (timing.samples.calls, timing.floored) == (1, 0)


def test_nothing_takes_less_than_nothing(machine) -> None:
    timing = hot(machine.run(repeat(3_000)), machine.run(repeat(5_000)), StopRule(), machine.clocks)
    assert timing.net_ns.tolist() == [0] * 15
    assert timing.raw_ns.tolist() == [3_000] * 15
    assert timing.floored == 15


@pytest.mark.parametrize(
    ("call_ns", "calls"), [(20_000, 1), (19_999, 2), (700, 29), (1, 10_000), (0, 10_000)]
)
def test_short_calls_are_timed_several_at_once(machine, call_ns, calls) -> None:
    samples = sampled(machine.run(repeat(call_ns)), StopRule(), machine.clocks)
    assert samples.calls == calls
    assert samples.taken_ns.tolist() == [call_ns] * 15


def test_a_sample_of_several_calls_is_their_mean(machine) -> None:
    warm = repeat(10_000, 500)
    samples = sampled(machine.run(chain(warm, cycle([9_000, 11_001]))), StopRule(), machine.clocks)
    assert samples.calls == 2
    assert set(samples.taken_ns.tolist()) == {10_000}  # 10 000.5, to the even


def test_the_first_calls_do_not_count(machine) -> None:
    costs = chain([9_000_000, 8_000_000, 7_000_000], repeat(50_000))
    samples = sampled(machine.run(costs), StopRule(), machine.clocks).taken_ns
    assert samples.tolist() == [50_000] * 15


def test_short_calls_are_warmed_up_for_longer(machine) -> None:
    costs = chain(repeat(60_000, 80), repeat(50_000))
    samples = sampled(machine.run(costs), StopRule(), machine.clocks).taken_ns
    assert set(samples.tolist()) == {50_000}


def test_fifteen_samples_are_taken_however_long_they_take(machine) -> None:
    samples = sampled(
        machine.run(cycle([2_000_000_000, 3_000_000_000])), StopRule(), machine.clocks
    ).taken_ns
    assert samples.size == 15


def test_unsteady_calls_are_repeated_until_the_time_is_spent(machine) -> None:
    costs = cycle([1_000_000, 2_000_000])
    samples = sampled(machine.run(costs), StopRule(seconds=0.6), machine.clocks).taken_ns
    spent_ns = int(samples.sum())
    assert 600_000_000 <= spent_ns < 700_000_000


def test_calls_that_settle_end_before_the_time_is_spent(machine) -> None:
    generator = np.random.default_rng(0)
    costs = generator.normal(1_000_000, 50_000, 20_000).astype(int).tolist()
    samples = sampled(machine.run(costs), StopRule(seconds=10), machine.clocks).taken_ns
    assert 15 < samples.size < 200
    assert relative_half_width(samples) <= 0.02


def test_only_calm_samples_count_while_there_is_time(machine) -> None:
    waits = cycle([0, 0, 0, 5_000_000])
    samples = sampled(machine.run(repeat(50_000), waits), StopRule(), machine.clocks)
    assert samples.taken_ns.tolist() == [50_000] * samples.taken_ns.size
    assert samples.taken_ns.size >= 15
    assert samples.waited > 0.9
    assert not samples.is_contended


def test_where_none_is_calm_the_time_that_was_computed_counts_and_it_is_told(machine) -> None:
    run = machine.run(repeat(50_000), repeat(150_000))
    samples = sampled(run, StopRule(seconds=0.1), machine.clocks)
    assert set(samples.taken_ns.tolist()) == {50_000}
    assert samples.is_contended
    assert samples.waited == pytest.approx(0.75)
    assert 0.3e9 <= machine.now <= 0.4e9  # three times as long as the rule says


def test_that_several_threads_waited_is_told_though_no_clock_shows_it(machine) -> None:
    clocks = Clocks(lambda: machine.now, lambda: 2 * machine.now, lambda: machine.now // 5)
    samples = sampled(machine.run(repeat(50_000)), StopRule(), clocks)
    assert samples.taken_ns.tolist() == [50_000] * 15
    assert samples.waited == pytest.approx(0.2)
    assert samples.is_contended


def test_a_few_calm_samples_are_enough_when_it_is_late(machine) -> None:
    run = machine.run(cycle([40_000, *[50_000] * 9]), cycle([0, *[1_000_000] * 9]))
    samples = sampled(run, StopRule(seconds=0.02), machine.clocks)
    assert set(samples.taken_ns.tolist()) == {40_000}
    assert 5 <= samples.taken_ns.size < 15
    assert not samples.is_contended


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
