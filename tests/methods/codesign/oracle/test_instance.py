from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.oracle.generator import oracle_instance, varied_instance
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design


def test_the_design_that_is_known_to_be_best_has_its_value() -> None:
    instance = oracle_instance()
    design = Design(instance.space.digest, (0, 0, 8, 8), (0, 1, 1, 0))
    time_ms = instance.times_of(Choices.of([design]))[0] / 1e6
    assert time_ms == pytest.approx(0.06272)
    assert instance.loss(design) * time_ms == pytest.approx(0.1044113527, abs=1e-10)


def test_pairs_add_what_a_sum_over_blocks_cannot_tell() -> None:
    instance = varied_instance(0, has_pairs=True)
    rng = np.random.default_rng(0)
    designs = [Design.random(instance.space, rng) for _ in range(20)]
    for design in designs:
        m, q = design.operations, design.precisions
        expected = 0.6 + sum(
            instance.operation_losses[i, m[i]] + instance.precision_losses[i, q[i]]
            for i in range(4)
        ) + sum(instance.pair_losses[i, m[i], m[i + 1]] for i in range(3))  # fmt: skip
        assert instance.loss(design) == pytest.approx(expected)
    assert instance.losses(Choices.of(designs)).tolist() == [instance.loss(d) for d in designs]
