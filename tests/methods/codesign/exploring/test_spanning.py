from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.exploring.spanning import span
from dlscope.methods.codesign.measures.hypervolume import hypervolume
from dlscope.methods.codesign.oracle.generator import oracle_instance
from dlscope.methods.codesign.space.design import Design

INSTANCE = oracle_instance(100)


def judged(most: int, *, spans: bool, meets=lambda _: True, seed: int = 0) -> Judge:
    """Thirty designs at random, then as many as there are left along the front, or at random."""
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=most)
    rng = np.random.default_rng(seed)
    judge.judged([Design.random(INSTANCE.space, rng) for _ in range(30)])
    if spans:
        span(judge, rng, most=most, meets=meets)
    while judge.left:
        judge.judged([Design.random(INSTANCE.space, rng)])
    return judge


def points(judge: Judge) -> list[tuple[float, float]]:
    return [(each.time_ns, each.loss) for each in judge.looked_at]


@pytest.mark.parametrize("seed", range(3))
def test_it_dominates_more_than_as_many_designs_at_random(seed: int) -> None:
    spanned, drawn = (points(judged(120, spans=spans, seed=seed)) for spans in (True, False))
    reference = (max(t for t, _ in drawn), max(loss for _, loss in drawn))
    assert hypervolume(spanned, reference) > 1.05 * hypervolume(drawn, reference)


def test_no_more_is_looked_at_than_was_asked_for() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=100)
    rng = np.random.default_rng(0)
    judge.judged([Design.random(INSTANCE.space, rng) for _ in range(10)])
    span(judge, rng, most=17, meets=lambda _: True)
    assert judge.evaluations == 27


def test_nothing_is_looked_for_beyond_what_is_allowed() -> None:
    times = sorted(each.time_ns for each in judged(30, spans=False).looked_at)
    limit = times[10]
    found = judged(90, spans=True, meets=lambda time_ns: time_ns <= limit).looked_at[30:]
    assert np.mean([each.time_ns <= 2 * limit for each in found]) > 0.8


def test_the_same_seed_finds_the_same() -> None:
    first, second = (judged(60, spans=True).looked_at for _ in "ab")
    assert first == second


def test_where_nothing_is_known_nothing_is_done() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=5)
    span(judge, np.random.default_rng(0), most=3, meets=lambda _: True)
    assert judge.evaluations == 0
