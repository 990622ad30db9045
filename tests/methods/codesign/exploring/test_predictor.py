from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.exploring.predictor import LossPredictor
from dlscope.methods.codesign.measures.ranking import kendall_tau
from dlscope.methods.codesign.oracle.generator import oracle_instance, varied_instance
from dlscope.methods.codesign.oracle.instance import OracleInstance
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design


def drawn(instance: OracleInstance, count: int, seed: int) -> Choices:
    rng = np.random.default_rng(seed)
    return Choices.of([Design.random(instance.space, rng) for _ in range(count)])


def test_a_sum_over_blocks_is_learnt_from_few_designs() -> None:
    instance = oracle_instance(100)
    known, unknown = drawn(instance, 120, 0), drawn(instance, 300, 1)
    predictor = LossPredictor.fitted(instance.space, known, instance.losses(known))
    np.testing.assert_allclose(predictor.losses(unknown), instance.losses(unknown), atol=1e-4)


def test_where_pairs_matter_it_still_ranks() -> None:
    instance = varied_instance(100, has_pairs=True)
    known, unknown = drawn(instance, 200, 0), drawn(instance, 300, 1)
    predictor = LossPredictor.fitted(instance.space, known, instance.losses(known))
    assert kendall_tau(predictor.losses(unknown), instance.losses(unknown)) > 0.5


def test_it_says_the_mean_where_all_designs_are_alike() -> None:
    instance = oracle_instance(100)
    known = drawn(instance, 1, 0)
    same = Choices(*(np.repeat(each, 5, axis=0) for each in known))
    predictor = LossPredictor.fitted(instance.space, same, np.full(5, 2.0))
    assert predictor.losses(known).tolist() == [2.0]
