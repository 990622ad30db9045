from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from dlscope.devices.layer_shape import LayerShape
from dlscope.methods.codesign.emission.convolution import convolved
from dlscope.methods.codesign.folded_network import weights_shape

SHAPES = [
    LayerShape.conv(3, 5, 7, 3),
    LayerShape.conv(4, 6, 7, 3, stride=2, groups=2),
    LayerShape.depthwise(4, 7, 5, stride=2),
    LayerShape.conv(4, 2, 5, 1),
    LayerShape.dense(4, 3),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_the_operator_of_onnx_on_whole_numbers(shape) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (2, shape.channels_in, *shape.map_in)).astype(np.float64)
    weights = rng.integers(-9, 10, weights_shape(shape)).astype(np.float64)
    half = [size // 2 for size in shape.kernel]
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], strides=[shape.stride] * 2, pads=[*half, *half],
        group=shape.groups,
    )  # fmt: skip
    (expected,) = ReferenceEvaluator(node).run(None, {"x": x, "w": weights})
    found = convolved(x, weights, shape, (half[0], half[1]))
    assert np.array_equal(found, expected)
    assert found.shape[2:] == shape.map_out
