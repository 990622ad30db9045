"""Bricks of one layer, small enough to be computed by every implementation in a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dlscope.graph.brick import Brick
from dlscope.graph.partition import partition
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

Nodes = Sequence[tuple[str, Sequence[str], Sequence[str], Mapping[str, Any]]]


def zeros(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.zeros(shape, dtype)


def chain(
    nodes: Nodes, inputs: Mapping[str, Any], constants: Mapping[str, Any], opset: int = 17
) -> Brick:
    """All nodes, each (operator, inputs, outputs, attributes), as one brick; outputs of the last.

    Of weights only the shape matters: a brick draws its own.
    """
    made = [helper.make_node(kind, source, to, **more) for kind, source, to, more in nodes]
    graph = helper.make_graph(
        made,
        "layers",
        [_declared(name, array) for name, array in inputs.items()],
        [onnx.ValueInfoProto(name=name) for name in nodes[-1][2]],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in constants.items()],
    )
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    read = read_graph(onnx.shape_inference.infer_shapes(model))
    (segment,) = partition(read, len(nodes))
    assert isinstance(segment, Segment)
    return Brick.of(segment)


def layer(
    operator: str,
    inputs: Sequence[Any],
    constants: Sequence[Any] = (),
    *,
    outputs: int = 1,
    opset: int = 17,
    **attributes: Any,
) -> Brick:
    """One node; of the constants, which come last, None is left out."""
    fed = {f"x{index}": array for index, array in enumerate(inputs)}
    held = {f"w{index}": each for index, each in enumerate(constants) if each is not None}
    names = [f"w{index}" if each is not None else "" for index, each in enumerate(constants)]
    results = [f"y{index}" for index in range(outputs)]
    return chain([(operator, [*fed, *names], results, attributes)], fed, held, opset)


def _declared(name: str, array: Any) -> onnx.ValueInfoProto:
    values = np.asarray(array)
    dtype = helper.np_dtype_to_tensor_dtype(values.dtype)
    return helper.make_tensor_value_info(name, dtype, values.shape)


IMAGE = zeros(1, 32, 8, 8)

CONVOLUTIONS = {
    "dense": layer("Conv", [IMAGE], [zeros(48, 32, 3, 3), zeros(48)], pads=[1, 1, 1, 1]),
    "depthwise": layer("Conv", [IMAGE], [zeros(32, 1, 3, 3)], pads=[1, 1, 1, 1], group=32),
    "pointwise": layer("Conv", [IMAGE], [zeros(64, 32, 1, 1), zeros(64)]),
    "strided": layer("Conv", [IMAGE], [zeros(32, 32, 3, 3)], pads=[0, 0, 1, 1], strides=[2, 2]),
    "first": layer("Conv", [zeros(1, 3, 16, 16)], [zeros(32, 3, 3, 3)], strides=[2, 2]),
}
LAYERS = {
    **CONVOLUTIONS,
    "transposed": layer("ConvTranspose", [IMAGE], [zeros(32, 16, 2, 2)], strides=[2, 2]),
    "gemm": layer("Gemm", [zeros(4, 64)], [zeros(32, 64), zeros(32)], transB=1),
    "matmul by weights": layer("MatMul", [zeros(1, 16, 64)], [zeros(64, 32)]),
    "batched matmul": layer("MatMul", [zeros(2, 4, 8, 16), zeros(2, 4, 16, 8)]),
    "add": layer("Add", [IMAGE, IMAGE]),
    "add of weights": layer("Add", [IMAGE], [zeros(32, 1, 1)]),
    "relu": layer("Relu", [IMAGE]),
    "sigmoid": layer("Sigmoid", [IMAGE]),
    "softmax": layer("Softmax", [zeros(2, 100)], axis=1),
    "layer norm": layer("LayerNormalization", [zeros(1, 16, 64)], [zeros(64), zeros(64)]),
    "max pool": layer("MaxPool", [IMAGE], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "average pool": layer("AveragePool", [IMAGE], kernel_shape=[2, 2], strides=[2, 2]),
    "global pool": layer("GlobalAveragePool", [IMAGE]),
    "concat": layer("Concat", [IMAGE, zeros(1, 16, 8, 8)], axis=1),
    "transpose": layer("Transpose", [zeros(1, 16, 64)], perm=[0, 2, 1]),
    "response norm": layer("LRN", [IMAGE], size=5),
    "batch norm": layer("BatchNormalization", [IMAGE], [zeros(32)] * 4),
    "resize": layer("Resize", [IMAGE], [None, np.array([1, 1, 2, 2], np.float32)], mode="linear"),
    "lstm": layer(
        "LSTM",
        [zeros(8, 1, 32)],
        [zeros(1, 64, 32), zeros(1, 64, 16), zeros(1, 128)],
        hidden_size=16,
    ),
    "slice": layer("Slice", [IMAGE], [np.array([0]), np.array([16]), np.array([1])]),
    "split": layer("Split", [IMAGE], [np.array([16, 16])], axis=1, outputs=2),
    "gather": layer("Gather", [zeros(1, 16, 64)], [np.array(0)], axis=1),
}
RESHAPE = layer("Reshape", [IMAGE], [np.array([1, -1])])
RESIDUAL = chain(
    [
        ("Conv", ["x", "w", "b"], ["c"], {"pads": [1, 1, 1, 1]}),
        ("Add", ["c", "r"], ["a"], {}),
        ("Relu", ["a"], ["y"], {}),
    ],
    {"x": IMAGE, "r": IMAGE},
    {"w": zeros(32, 32, 3, 3), "b": zeros(32)},
)
"""A convolution, a sum with something else, an activation."""
