from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images, small_network

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.quantise import quantise


def test_each_channel_has_the_finest_step_that_holds_its_weights(folded, integers) -> None:
    for layer, whole in zip(folded.layers, integers.layers, strict=True):
        most = 2 ** (layer.precision.weight_bits - 1) - 1
        largest = np.abs(whole.weights).max(axis=(1, 2, 3))
        assert (largest <= most).all() and (largest > most / 2 - 1).all()
        assert np.abs(whole.weights * 2.0 ** whole.weight_exponents[:, None, None, None]).max() > 0


def test_a_channel_without_weights_keeps_its_bias(folded) -> None:
    first = folded.layers[0]
    weights = first.weights.copy()
    weights[1] = 0
    bias = first.bias.copy()
    bias[1] = 0.75
    network = replace(
        folded, layers=(replace(first, weights=weights, bias=bias), *folded.layers[1:])
    )
    whole = quantise(network, images())
    x = whole.quantised(images())
    given = whole.layers[0].given(whole.layers[0].summed(x))
    assert np.allclose(given[:, 1] * whole.layers[0].gives.step, 0.75, atol=0.25)


def test_sums_are_never_uselessly_fine(folded) -> None:
    first = folded.layers[0]
    network = replace(
        folded, layers=(replace(first, weights=first.weights * 1e-20), *folded.layers[1:])
    )
    assert quantise(network, images()).layers[0].accumulator_bits <= 32


def test_wide_layers_are_refused_by_name_in_one_problem() -> None:
    network = small_network(bits=(8, 16, 8, 8, 16, 16))
    with pytest.raises(SearchError) as refused:
        quantise(network, images(), most_accumulator_bits=32)
    assert len(refused.value.problems) == 1
    assert str(refused.value) == (
        "SearchError: sums of 2 layers need up to 38 bits, accumulators have at most 32\n"
        "  where  head (33 bits), classifier (38 bits)\n"
        "  fix    allow 38 bits (--accumulator-bits 38), or use fewer bits for these layers"
    )


def test_sums_have_as_many_bits_as_they_need() -> None:
    network = small_network(bits=(8, 16, 8, 8, 16, 16))
    assert quantise(network, images()).accumulator_bits == 38
    assert quantise(network, images(), most_accumulator_bits=38).accumulator_bits == 38


def test_refuses_weights_of_a_single_bit() -> None:
    with pytest.raises(SearchError) as refused:
        quantise(small_network(bits=(8, 1, 8, 8, 8, 8)), images())
    assert refused.value.what == "weights of 1 bit with a sign tell no number above 0"
    assert refused.value.where == "layer b0.expand: conv 1x1/1 4->8 on 6x6 at 1 bit"


@pytest.mark.parametrize("bits", [1, 54])
def test_refuses_accumulators_that_the_reference_does_not_have(folded, bits) -> None:
    with pytest.raises(SearchError) as refused:
        quantise(folded, images(), most_accumulator_bits=bits)
    assert refused.value.what == f"accumulators have {bits} bits"
    assert refused.value.fix == "use 2 to 53 bits, up to which the reference is exact"
