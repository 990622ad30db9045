from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.skynet.fixed_point import (
    FEATURE_MAPS,
    WEIGHTS,
    FixedFormat,
    fixed,
    fixed_head,
    fixed_weights,
    saturated,
)
from dlscope.zoo.skynet.folding import fold_bn


@pytest.mark.parametrize(
    ("form", "step", "lowest", "highest"),
    [(FEATURE_MAPS, 2**-6, -4.0, 3.984375), (WEIGHTS, 2**-7, -8.0, 7.9921875)],
)
def test_has_the_formats_of_the_released_design(form, step, lowest, highest):
    assert (form.step, form.lowest, form.highest) == (step, lowest, highest)


def test_rounds_halves_upwards_and_ends_at_the_ends():
    half = 2.0**-7
    values = np.array([half, -half, 3 * half, 0.7 * half, 100.0, -100.0, 3.99])
    expected = [2 * half, 0.0, 4 * half, 0.0, 3.984375, -4.0, 3.984375]
    assert fixed(values, 9, 3).tolist() == expected


def test_keeps_what_the_format_can_tell():
    values = np.arange(-256, 256, dtype=np.float32) / 64
    kept = fixed(values, 9, 3)
    np.testing.assert_array_equal(kept, values)
    assert kept.dtype == np.float32


def test_counts_what_is_beyond_the_ends():
    assert saturated(np.array([-4.1, -4.0, 3.984, 3.995, 6.0]), FEATURE_MAPS) == 3


@pytest.mark.parametrize(
    ("bits", "int_bits", "told"),
    [
        (
            1,
            1,
            "PlanError: a number of 1 bits has no value but its sign\n"
            "  where  SkyNet, fixed point\n"
            "  fix    give at least 2 bits",
        ),
        (
            8,
            9,
            "PlanError: 9 integer bits do not fit into 8 bits\n"
            "  where  SkyNet, fixed point\n"
            "  fix    give at most 8 integer bits",
        ),
    ],
)
def test_refuses_a_format_that_is_none(bits, int_bits, told):
    with pytest.raises(PlanError) as refused:
        fixed(np.zeros(1), bits, int_bits)
    assert str(refused.value) == told


def test_one_released_weight_saturates(released_network):
    from dlscope.zoo.skynet.network import state_of

    folded = fold_bn(state_of(released_network))
    depthwise = np.concatenate([bundle.depthwise.ravel() for bundle in folded.bundles])
    assert saturated(depthwise, WEIGHTS) == 1
    kept = fixed_weights(folded)
    assert max(float(np.abs(bundle.depthwise).max()) for bundle in kept.bundles) == WEIGHTS.highest


@pytest.mark.slow
def test_more_bits_come_closer_to_the_floats(released_network, released_head, pattern):
    from dlscope.zoo.skynet.network import state_of

    folded = fold_bn(state_of(released_network))
    distances = [
        float(
            np.abs(
                fixed_head(
                    folded,
                    pattern,
                    maps=FixedFormat(bits, 4),
                    weights=FixedFormat(bits + 2, 5),
                )
                - released_head
            ).mean()
        )
        for bits in (8, 12, 20)
    ]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 1e-2
