from __future__ import annotations

from dlscope.loadgen.at_once import at_once
from dlscope.loadgen.stop_rule import StopRule


def test_every_part_is_issued_at_the_same_moment(serving, clock) -> None:
    system = serving(10, 20)
    rule = StopRule(3, 0, 0, 0)
    samples = at_once(lambda index: system.answer((index,)), iter([4, 5, 6, 7]), rule, clock)
    assert samples.issued_ns.tolist() == samples.scheduled_ns.tolist() == [1000] * 3
    assert samples.completed_ns.tolist() == [1010, 1030, 1040]
    assert samples.sample.tolist() == [4, 5, 6]
    assert samples.duration_ns == 40


def test_a_part_that_fails_is_one_that_failed(serving, clock) -> None:
    system = serving(10)
    system.failing = {0}
    rule = StopRule(2, 0, 0, 0)
    samples = at_once(lambda index: system.answer((index,)), iter([4, 5]), rule, clock)
    assert samples.ok.tolist() == [False, True]


def test_the_watch_ends_it(serving, clock) -> None:
    system = serving(10)
    rule = StopRule(100, 0, 0, 0)
    samples = at_once(
        lambda index: system.answer((index,)), iter(range(9)), rule, clock, lambda n, _: n == 2
    )
    assert len(samples) == 2
