from __future__ import annotations

import numpy as np
import pytest
from emission_networks import images, small_network
from rounded_network import rounded_logits

from dlscope.methods.codesign.emission.calibration import inputs_of
from dlscope.methods.codesign.emission.quantise import quantise

CASES = [
    {},
    {"bits": (8, 8, 8, 8, 8, 8), "activation": "relu"},
    {"bits": (4, 4, 4, 4, 4, 4), "stride": 2},
    {"bits": (6, 3, 2, 5, 7, 4), "seed": 5},
]


@pytest.mark.parametrize("case", CASES)
def test_whole_numbers_say_exactly_what_rounded_numbers_say(case) -> None:
    network = small_network(**case)
    integers = quantise(network, images())
    found = integers.logits(images())
    assert np.array_equal(found, rounded_logits(network, integers, images()))


def test_no_sum_needs_more_than_the_bits_it_was_given(folded, integers) -> None:
    value = integers.quantised(np.ones((1, 2, 6, 6)) * 9)
    given = []
    for layer in integers.layers:
        residual = None if layer.source is None else given[layer.source]
        sums = layer.summed(value, residual)
        assert np.abs(sums).max() < 2 ** (layer.accumulator_bits - 1)
        value = layer.given(sums)
        given.append(value)


def test_what_is_given_stays_within_its_ends(integers) -> None:
    *tensors, _ = integers.tensors(integers.quantised(images()))
    ends = []
    for layer in integers.layers:
        if layer.average is not None:
            ends.append((int(layer.average.floor.min()), int(layer.average.ceiling.max())))
        if layer.gives is not None:
            ends.append((layer.least, layer.most))
    for tensor, (least, most) in zip(tensors, ends, strict=True):
        assert least <= tensor.min() and tensor.max() <= most


def test_all_answers_have_one_step(integers) -> None:
    x = integers.quantised(images())
    assert np.array_equal(integers.logits(images()), integers.answers(x) * 2.0**integers.exponent)
    assert integers.answers(x).shape == (8, integers.classes)


def test_finer_bits_come_nearer_to_the_real_network() -> None:
    errors = []
    for bits in (3, 5, 8):
        network = small_network(bits=(bits,) * 6)
        *_, real = inputs_of(network, images())
        errors.append(np.abs(quantise(network, images()).logits(images()) - real).max())
    assert errors == sorted(errors, reverse=True)
