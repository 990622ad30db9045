from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.baselines.two_step import impl_only, two_step
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.oracle.generator import oracle_instance

KNOWN_BEST = 0.1044113527


def judge(most: int = 400) -> Judge:
    instance = oracle_instance()
    return Judge(instance.space, instance, instance.times_of, most=most)


def test_the_network_that_is_best_by_itself_is_far_from_the_best_design() -> None:
    found = two_step(judge(), np.random.default_rng(0))
    assert found.design.operations == (8, 8, 8, 8)
    assert found.value / KNOWN_BEST - 1 == pytest.approx(0.84, abs=0.01)


def test_where_not_all_bits_can_be_tried_some_are() -> None:
    own = judge(most=100)
    found = two_step(own, np.random.default_rng(0))
    assert own.evaluations <= 100
    assert found in own.looked_at


def test_a_network_by_hand_is_one_evaluation_at_8_bits() -> None:
    own = judge()
    found = impl_only(own)
    assert own.evaluations == 1
    assert (found.design.operations, found.design.precisions) == ((2, 2, 2, 2), (1, 1, 1, 1))
