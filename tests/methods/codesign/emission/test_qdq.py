from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from emission_networks import images, small_network
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.qdq import to_qdq
from dlscope.methods.codesign.emission.quantise import quantise

WIDTHS = [(8, 4, 6, 8, 8, 8), (4, 4, 4, 4, 4, 4), (8, 8, 8, 8, 8, 8), (12, 16, 8, 8, 16, 8)]


def _run(model, x, level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {"input": x.astype(np.float32)})[0]


@pytest.mark.parametrize("bits", WIDTHS[:3])
def test_an_exact_model_gives_every_integer_of_the_reference(bits) -> None:
    whole = quantise(small_network(bits=bits), images(), most_accumulator_bits=53)
    x = images(64, seed=2)
    assert np.array_equal(_run(to_qdq(whole, exact=True), x), whole.logits(x))


@pytest.mark.parametrize("bits", WIDTHS)
def test_a_model_differs_by_little_and_by_no_runtime(bits) -> None:
    whole = quantise(small_network(bits=bits), images(), most_accumulator_bits=53)
    x, model = images(64, seed=2), to_qdq(whole)
    found, expected = _run(model, x), whole.logits(x)
    plain = _run(model, x, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    assert np.abs(found - expected).max() < 0.1
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.95
    assert np.abs(found - plain).max() < 0.05


def test_the_reference_runtime_reads_it_as_well() -> None:
    whole = quantise(small_network(), images())
    (found,) = ReferenceEvaluator(to_qdq(whole)).run(["logits"], {"input": np.float32(images())})
    assert np.abs(found - whole.logits(images())).max() < 0.05


def test_narrow_numbers_stay_within_their_bits() -> None:
    whole = quantise(small_network(bits=(4,) * 6), images())
    model = to_qdq(whole)
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    for layer in whole.layers[:3]:
        weights = stored[f"{layer.name}.weight.quantised"]
        assert weights.dtype == np.int8
        assert not (weights & 0b1111).any()  # the bits that are free make biases finer
        found = (weights >> 4).reshape(layer.weights.shape)
        assert np.array_equal(found, layer.weights)


def test_layers_that_are_not_fused_have_their_weights_as_they_are() -> None:
    whole = quantise(small_network(), images())
    stored = {each.name: numpy_helper.to_array(each) for each in to_qdq(whole).graph.initializer}
    for layer in whole.layers[3:]:
        values = layer.weights * 2.0 ** layer.weight_exponents[:, None, None, None]
        assert np.array_equal(stored[f"{layer.name}.weight"].reshape(values.shape), values)


def test_every_activation_is_stored_without_a_sign() -> None:
    model = to_qdq(quantise(small_network(), images()))
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    quantising = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    zeros = [stored[node.input[2]] for node in quantising]
    assert {zero.dtype.name for zero in zeros} == {"uint8"}
    assert sorted({int(zero) for zero in zeros}) == [0, 128]


def test_refuses_bits_without_a_type() -> None:
    whole = quantise(small_network(bits=(8, 20, 8, 8, 8, 8)), images(), most_accumulator_bits=53)
    with pytest.raises(SearchError) as refused:
        to_qdq(whole)
    assert refused.value.what == "20 bits have no quantised type in ONNX"
    assert refused.value.where == "layer b0.expand: conv 1x1/1 4->8 on 6x6"
