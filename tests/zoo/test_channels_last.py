from __future__ import annotations

from math import erf, sqrt

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.channels_last import gelu, layer_norm, linear, perceptron, permute
from dlscope.zoo.parameters import Drawn

NOISE = np.random.default_rng(0).standard_normal((2, 3, 4, 6)).astype(np.float32)


@pytest.fixture
def layers() -> Layers:
    return Layers(GraphBuilder("test"), Drawn(0))


@pytest.fixture
def value(layers) -> Value:
    return layers.input("x", 3, 4, 6)


def answer(layers: Layers, value: Value) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What `value` is for the noise, its declared shape checked; and the arrays of the graph."""
    layers.output(value)
    model = serialize(layers.graph.finish())
    (result,) = onnxruntime.InferenceSession(model).run(None, {"x": NOISE})
    assert result.shape == (2, *value.shape)
    tensors = onnx.load_from_string(model).graph.initializer
    return result, {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}


def curve(x: np.ndarray) -> np.ndarray:
    return x * (1 + np.vectorize(erf)(x / sqrt(2))) / 2


def test_normalises_the_features_of_each_place(layers, value):
    got, arrays = answer(layers, layer_norm(layers, "norm", value, 1e-5))
    centred = NOISE - NOISE.mean(axis=-1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    expected = normal * arrays["norm.weight"] + arrays["norm.bias"]
    assert got == pytest.approx(expected, abs=1e-5)
    assert 0.6 < arrays["norm.weight"].min() < arrays["norm.weight"].max() < 1.4


def test_a_linear_layer_is_a_product_and_a_sum(layers, value):
    got, arrays = answer(layers, linear(layers, "fc", value, 5))
    assert got == pytest.approx(NOISE @ arrays["fc.weight"] + arrays["fc.bias"], abs=1e-5)


def test_a_linear_layer_without_bias_is_the_product_alone(layers, value):
    got, arrays = answer(layers, linear(layers, "fc", value, 5, bias=False))
    assert list(arrays) == ["fc.weight"]
    assert got == pytest.approx(NOISE @ arrays["fc.weight"], abs=1e-5)


def test_gelu_follows_its_equation(layers, value):
    got, _ = answer(layers, gelu(layers, "gelu", value))
    assert got == pytest.approx(curve(NOISE), abs=1e-6)


def test_a_perceptron_is_four_times_as_wide_inside(layers, value):
    got, arrays = answer(layers, perceptron(layers, "mlp", value))
    assert arrays["mlp.fc1.weight"].shape == (6, 24)
    hidden = curve(NOISE @ arrays["mlp.fc1.weight"] + arrays["mlp.fc1.bias"])
    expected = hidden @ arrays["mlp.fc2.weight"] + arrays["mlp.fc2.bias"]
    assert got == pytest.approx(expected, abs=1e-4)


def test_permutes_the_axes_behind_the_batch(layers, value):
    got, _ = answer(layers, permute(layers, "turned", value, 0, 3, 1, 2))
    assert (got == NOISE.transpose(0, 3, 1, 2)).all()
