from __future__ import annotations

import math

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.parameters import Drawn
from dlscope.zoo.self_attention import SelfAttention

TOKENS = np.random.default_rng(0).standard_normal((2, 5, 12)).astype(np.float32)


def expected(arrays: dict[str, np.ndarray], heads: int, more: np.ndarray | float) -> np.ndarray:
    """The equation in NumPy; `more` is added to the scores."""
    projected = TOKENS @ arrays["a.qkv.weight"] + arrays["a.qkv.bias"]
    query, key, values = projected.reshape(2, 5, 3, heads, -1).transpose(2, 0, 3, 1, 4)
    scores = query @ key.swapaxes(2, 3) / math.sqrt(12 / heads) + more
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    context = (shares @ values).swapaxes(1, 2).reshape(2, 5, 12)
    return context @ arrays["a.project.weight"] + arrays["a.project.bias"]


def answer(layers: Layers, value: Value) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    layers.output(value)
    model = serialize(layers.graph.finish())
    (result,) = onnxruntime.InferenceSession(model).run(None, {"x": TOKENS})
    tensors = onnx.load_from_string(model).graph.initializer
    return result, {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}


@pytest.mark.parametrize("heads", [1, 3])
def test_follows_its_equation(heads):
    layers = Layers(GraphBuilder("test"), Drawn(0))
    value = SelfAttention(layers).write("a", layers.input("x", 5, 12), heads)
    got, arrays = answer(layers, value)
    assert got == pytest.approx(expected(arrays, heads, 0.0), abs=1e-4)


def test_scores_can_be_adjusted():
    """Only the first token is looked at when it alone has a large score."""
    layers = Layers(GraphBuilder("test"), Drawn(0))
    favour = layers.graph.constant("favour", np.array([50, 0, 0, 0, 0], np.float32))

    def adjust(scores: Value) -> Value:
        assert scores.shape == (2, 5, 5)
        return layers.node("Add", "favoured", [scores.name, favour], scores.shape)

    value = SelfAttention(layers).write("a", layers.input("x", 5, 12), 2, adjust)
    got, arrays = answer(layers, value)
    assert got == pytest.approx(expected(arrays, 2, arrays["favour"]), abs=1e-4)
    assert got[:, 0] == pytest.approx(got[:, 4], abs=1e-3)


def test_two_of_one_network_share_their_constants():
    layers = Layers(GraphBuilder("test"), Drawn(0))
    attention, value = SelfAttention(layers), layers.input("x", 5, 12)
    for name in "ab":
        value = attention.write(name, value, 3)
    layers.output(value)
    constants = [each.name for each in layers.graph.finish().graph.initializer]
    assert [name for name in constants if name.startswith("index.")] == [
        *("index.0", "index.1", "index.2")
    ]
