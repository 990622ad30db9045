from __future__ import annotations

import numpy as np
import pytest
from small_detectors import drawn_weights

from dlscope.core.errors import PlanError
from dlscope.methods.skynet.fixed_point import FEATURE_MAPS, WEIGHTS, FixedFormat, fixed
from dlscope.methods.skynet.fixed_scheme import (
    FixedScheme,
    covering_format,
    fitting_format,
    map_names,
    preset_formats,
)
from dlscope.methods.skynet.observing import Observed


def test_the_released_scheme_is_the_same_for_all():
    scheme = FixedScheme.uniform(drawn_weights(), *preset_formats("skynet-ultra96"))
    assert set(scheme.maps) == {FEATURE_MAPS}
    assert set(scheme.weights) | set(scheme.biases) == {WEIGHTS}
    assert (len(scheme.maps), len(scheme.weights), len(scheme.biases)) == (13, 13, 12)


def test_refuses_a_scheme_it_does_not_know():
    with pytest.raises(PlanError) as refused:
        preset_formats("skynet-ultra69")
    assert str(refused.value) == (
        "PlanError: there is no scheme 'skynet-ultra69' of fixed point\n"
        "  where  SkyNet, fixed point\n"
        "  fix    did you mean skynet-ultra96?"
    )


@pytest.mark.parametrize(
    ("least", "most", "int_bits"),
    [(0.0, 6.0, 4), (0.0, 3.99, 3), (-2.0, 2.0, 3), (-2.0, 1.9, 2), (0.0, 0.2, -1), (0.0, 1e9, 9)],
)
def test_a_map_holds_what_was_observed_in_the_finest_step(least, most, int_bits):
    assert covering_format(least, most, 9) == FixedFormat(9, int_bits)


def test_weights_take_the_format_of_the_smallest_error():
    values = np.random.default_rng(0).normal(0, 0.5, 4000)
    chosen = fitting_format(values, 8)
    errors = {bits: float(((fixed(values, 8, bits) - values) ** 2).mean()) for bits in range(-3, 6)}
    assert chosen.int_bits == min(errors, key=errors.__getitem__)


def test_one_large_weight_does_not_decide_for_all():
    """13.02 among the weights of the released set is cut off where bits are few."""
    values = np.append(np.random.default_rng(0).normal(0, 0.3, 400_000), 13.02)
    assert fitting_format(values, 8).int_bits < 4
    assert fitting_format(values, 16).int_bits == 5


def test_zeros_have_a_format():
    assert fitting_format(np.zeros(3), 8) == FixedFormat(8, 1)


def test_integer_bits_of_each_map_come_from_its_ends():
    folded = drawn_weights()
    names = map_names(folded)
    observed = {name: Observed(0.0, 2.0**index * 0.9) for index, name in enumerate(names)}
    scheme = FixedScheme.calibrated(folded, observed, map_bits=16, weight_bits=11)
    assert [form.int_bits for form in scheme.maps] == list(range(1, 14))
    assert {form.bits for form in (*scheme.weights, *scheme.biases)} == {11}


def test_counts_weights_that_are_beyond():
    folded = drawn_weights()
    scheme = FixedScheme.uniform(folded, FEATURE_MAPS, FixedFormat(8, -2))
    beyond = (folded.flat < -0.125 - 2**-11) | (folded.flat >= 0.125 - 2**-11)
    assert scheme.saturated(folded) == int(beyond.sum())
