from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.exploring.repair import repair, repair_by_chance
from dlscope.methods.codesign.oracle.generator import oracle_instance, varied_instance
from dlscope.methods.codesign.space.design import Design

KNOWN_BEST = 0.1044113527


def starts(judge: Judge, count: int = 30) -> list[Design]:
    rng = np.random.default_rng(0)
    return [Design.random(judge.space, rng) for _ in range(count)]


def test_repair_finds_the_best_of_half_a_million_from_random_designs() -> None:
    instance = oracle_instance()
    judge = Judge(instance.space, instance, instance.times_of, most=150)
    found = repair(judge, starts(judge), np.random.default_rng(0))
    assert found.value == pytest.approx(KNOWN_BEST, rel=0.02)
    assert judge.evaluations == 150


def test_repair_by_chance_never_gets_worse() -> None:
    instance = varied_instance(100, has_pairs=True)
    judge = Judge(instance.space, instance, instance.times_of, most=100)
    first = min(each.value for each in judge.judged(starts(judge)))
    found = repair_by_chance(judge, starts(judge), np.random.default_rng(0))
    assert found.value <= first
    assert judge.left == 0


@pytest.mark.parametrize("way", [repair, repair_by_chance])
def test_the_same_seed_finds_the_same(way) -> None:
    instance, found = oracle_instance(100), []
    for _ in range(2):
        judge = Judge(instance.space, instance, instance.times_of, most=60)
        way(judge, starts(judge), np.random.default_rng(5))
        found.append(judge.looked_at)
    assert found[0] == found[1]
