from __future__ import annotations

import itertools

import numpy as np
import pytest

from dlscope.core.run import Samples
from dlscope.loadgen.stop_rule import StopRule
from dlscope.loadgen.users import fairness, users_loop

MS = 1_000_000


def _run(serving, clock, *service_ns: int, queries: int = 50, **named: object) -> Samples:
    system = serving(*service_ns)
    options = {"users": 4, "think_ns": 100 * MS, "seed": 3, **named}
    return users_loop(
        lambda index: system.answer((index,)),
        itertools.repeat(0),
        StopRule(queries, 0, 0, 0),
        clock,
        **options,
    )


def test_a_user_asks_again_only_after_an_answer_and_a_thought(serving, clock) -> None:
    samples = _run(serving, clock, 5 * MS)
    for user in range(4):
        own = samples.user == user
        asked, answered = samples.scheduled_ns[own], samples.completed_ns[own]
        assert (asked[1:] > answered[:-1]).all()


def test_one_query_is_answered_at_a_time(serving, clock) -> None:
    samples = _run(serving, clock, 90 * MS)
    begun = np.maximum(samples.issued_ns[1:], samples.completed_ns[:-1])
    assert (samples.completed_ns[1:] - begun == 90 * MS).all()
    assert samples.latency_ns.max() > 90 * MS


def test_thoughts_have_the_mean_that_is_asked_for(serving, clock) -> None:
    samples = _run(serving, clock, 0, queries=8000, users=2)
    thoughts = [
        samples.scheduled_ns[own][1:] - samples.completed_ns[own][:-1]
        for own in (samples.user == user for user in range(2))
    ]
    assert np.concatenate(thoughts).mean() == pytest.approx(100 * MS, rel=0.05)


def test_the_same_seed_gives_the_same_run_and_another_another(serving, clock) -> None:
    first = _run(serving, clock, 5 * MS, queries=20)
    again = _run(serving, clock, 5 * MS, queries=20)
    other = _run(serving, clock, 5 * MS, queries=20, seed=4)
    assert (np.diff(first.scheduled_ns) == np.diff(again.scheduled_ns)).all()
    assert (np.diff(first.scheduled_ns) != np.diff(other.scheduled_ns)).any()


def test_users_without_thoughts_are_a_closed_loop(serving, clock) -> None:
    samples = _run(serving, clock, 7, queries=6, users=1, think_ns=0)
    assert samples.latency_ns.tolist() == [7] * 6


def _samples(latency_ns: list[int], user: list[int]) -> Samples:
    times = np.zeros(len(user), dtype=np.int64)
    ok = np.ones(len(user), dtype=np.bool_)
    answered = np.array(latency_ns, dtype=np.int64)
    return Samples(times, times, answered, ok, user=np.array(user, dtype=np.int32))


@pytest.mark.parametrize(
    ("latency_ns", "user", "index"),
    [
        ([5, 5, 5, 5], [0, 1, 0, 1], 1.0),
        # Of two users one waits, the other does not: 1/2.
        ([0, 8, 0, 8], [0, 1, 0, 1], 0.5),
        # Means 1 and 3: (1 + 3)² / (2 · (1 + 9)).
        ([1, 2, 4], [0, 1, 1], 0.8),
        ([0, 0], [0, 1], 1.0),
    ],
)
def test_fairness_is_jains_index_of_the_users_means(latency_ns, user, index: float) -> None:
    assert fairness(_samples(latency_ns, user)) == pytest.approx(index)


def test_without_users_there_is_no_fairness() -> None:
    assert fairness(Samples.empty()) is None
