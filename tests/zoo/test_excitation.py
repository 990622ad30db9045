from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers
from dlscope.zoo.excitation import excite
from dlscope.zoo.parameters import Drawn


@pytest.mark.parametrize(
    ("gate", "function"),
    [
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    ],
)
def test_weighs_channels_by_what_their_means_say(gate, function):
    layers = Layers(GraphBuilder("test"), Drawn(0))
    value = excite(layers, "se", layers.input("image", 6, 4, 5), 2, gate)
    assert value.shape == (6, 4, 5)
    layers.output(value)
    model = serialize(layers.graph.finish())
    arrays = {
        tensor.name: onnx.numpy_helper.to_array(tensor).squeeze()
        for tensor in onnx.load_from_string(model).graph.initializer
    }
    image = np.random.default_rng(0).standard_normal((1, 6, 4, 5)).astype(np.float32)
    few = arrays["se.reduce.weight"] @ image[0].mean(axis=(1, 2)) + arrays["se.reduce.bias"]
    many = arrays["se.restore.weight"] @ np.maximum(few, 0) + arrays["se.restore.bias"]
    (got,) = onnxruntime.InferenceSession(model).run(None, {"image": image})
    assert got[0] == pytest.approx(image[0] * function(many)[:, None, None], abs=1e-5)
