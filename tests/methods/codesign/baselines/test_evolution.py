from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.baselines.evolution import evolution
from dlscope.methods.codesign.baselines.random_search import random_search
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.oracle.generator import oracle_instance


def judge(most: int) -> Judge:
    instance = oracle_instance(100)
    return Judge(instance.space, instance, instance.times_of, most=most)


def test_it_finds_better_designs_than_chance() -> None:
    values = {"evolution": [], "random": []}
    for seed in range(2):
        values["evolution"].append(evolution(judge(150), np.random.default_rng(seed)).value)
        values["random"].append(random_search(judge(150), np.random.default_rng(seed)).value)
    assert np.mean(values["evolution"]) < np.mean(values["random"])


@pytest.mark.parametrize("most", [1, 30, 51])
def test_it_may_end_before_it_has_a_population(most) -> None:
    own = judge(most)
    evolution(own, np.random.default_rng(0))
    assert own.evaluations == most


def test_the_same_seed_looks_at_the_same_designs() -> None:
    first, second = judge(70), judge(70)
    evolution(first, np.random.default_rng(1))
    evolution(second, np.random.default_rng(1))
    assert first.looked_at == second.looked_at
