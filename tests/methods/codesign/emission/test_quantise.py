from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images, small_network

from dlscope.core.errors import Problems, SearchError
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


def test_wide_layers_are_refused_by_name_all_at_once() -> None:
    network = small_network(bits=(8, 16, 8, 8, 16, 16))
    with pytest.raises(Problems) as refused:
        quantise(network, images())
    first, second = refused.value.problems
    assert first.where == "layer head: conv 1x1/1 4->8 on 6x6 at 16 bit"
    assert second.where == "layer classifier: dense 1x1/1 8->3 on 1x1 at 16 bit"
    assert first.what == "sums need 33 bits, accumulators have 32"
    assert first.fix == (
        "use fewer bits for this layer, or allow wider accumulators (--accumulator-bits 38)"
    )


def test_wide_layers_are_allowed_where_accumulators_are_wide() -> None:
    network = small_network(bits=(8, 16, 8, 8, 16, 16))
    whole = quantise(network, images(), most_accumulator_bits=38)
    assert max(layer.accumulator_bits for layer in whole.layers) == 38


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
