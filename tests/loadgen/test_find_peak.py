from __future__ import annotations

from collections.abc import Callable

import pytest

from dlscope.core.run import Probe
from dlscope.loadgen.find_peak import MOST_PROBES, PeakSearch


def _search(holds: Callable[[float, int], bool], latency_ns: int | None = None) -> PeakSearch:
    def trial(rate_qps: float, seed: int) -> Probe:
        return Probe(rate_qps, seed, 100, latency_ns, 0, holds(rate_qps, seed))

    return PeakSearch(trial, seed=7)


@pytest.mark.parametrize("first_qps", [0.5, 10, 99, 400, 3000])
@pytest.mark.parametrize("capacity", [1.3, 100, 777])
def test_finds_the_capacity_to_1_percent_from_either_side(first_qps, capacity) -> None:
    search = _search(lambda rate, _: rate <= capacity)
    peak = search.run(first_qps)
    assert peak is not None
    assert 0.98 * capacity <= peak <= capacity
    assert len(search.probes) <= MOST_PROBES


def test_every_trial_has_a_schedule_of_its_own() -> None:
    search = _search(lambda rate, _: rate <= 100)
    search.run(30)
    seeds = [probe.seed for probe in search.probes]
    assert seeds == list(range(7, 7 + len(seeds)))


def test_the_answer_has_held_in_three_further_trials() -> None:
    search = _search(lambda rate, _: rate <= 100)
    peak = search.run(30)
    last = search.probes[-3:]
    assert [probe.confirms for probe in search.probes] == [False] * (len(search.probes) - 3) + [
        True
    ] * 3
    assert {probe.rate_qps for probe in last} == {peak}
    assert all(probe.holds for probe in last)


def test_a_rate_that_does_not_hold_again_is_lowered_by_1_percent() -> None:
    # From 200 on; the first schedule at every rate is a lucky one.
    seen: set[float] = set()

    def holds(rate: float, _: int) -> bool:
        is_first = rate not in seen
        seen.add(rate)
        return rate <= 90 or (is_first and rate <= 100)

    search = _search(holds)
    peak = search.run(50)
    assert peak is not None
    assert 89 <= peak <= 90


def test_a_system_that_never_holds_has_no_peak() -> None:
    search = _search(lambda *_: False)
    assert search.run(100) is None
    assert len(search.probes) == MOST_PROBES


def test_an_idle_system_that_does_not_hold_is_not_asked_again() -> None:
    # 10 ms each: at 10 queries/s and below it is idle nine tenths of the time.
    search = _search(lambda *_: False, latency_ns=10_000_000)
    assert search.run(100) is None
    assert [probe.rate_qps for probe in search.probes] == [100, 50, 25, 12.5, 6.25]


def test_a_system_that_always_holds_ends_with_its_trials() -> None:
    search = _search(lambda *_: True)
    assert search.run(1) is None
    assert len(search.probes) == MOST_PROBES
