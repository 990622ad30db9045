"""Rules for normalisation and dense layers.

Axes: N batch, C channels, then 1 to 3 spatial axes.
"""

from __future__ import annotations

import tensorflow as tf

from dlscope.backends.onnx_graph.rules import batch_normalization, binary, layer_normalization
from dlscope.backends.onnx_to_tensorflow.node import (
    Tensor,
    TensorFlowNode,
    TensorFlowRules,
)


def batch_norm(
    x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float
) -> Tensor:
    """(x − mean)/√(variance + epsilon) · scale + bias, channel by channel."""
    factor = scale * tf.math.rsqrt(variance + epsilon)
    return x * by_channel(factor, x) + by_channel(bias - mean * factor, x)


def _instance_normalization(node: TensorFlowNode) -> Tensor:
    tensors = (node.tensor(index) for index in range(3))
    return node.call(instance_norm, *tensors, node.attribute("epsilon", 1e-5))


def instance_norm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    """Normalisation over the spatial axes of each item and channel."""
    mean, variance = tf.nn.moments(x, list(range(2, x.shape.rank)), keepdims=True)
    normed = (x - mean) * tf.math.rsqrt(variance + epsilon)
    return normed * by_channel(scale, x) + by_channel(bias, x)


def by_channel(values: Tensor, x: Tensor) -> Tensor:
    """`values`, one for each channel, as they are broadcast against `x`."""
    return tf.reshape(values, (-1, *(1,) * (x.shape.rank - 2)))


def layer_norm(x: Tensor, scale: Tensor, bias: Tensor | None, axis: int, epsilon: float) -> Tensor:
    """Normalisation over the axes from `axis` on; scale and bias may need broadcasting."""
    mean = mean_from(x, axis)
    normed = (x - mean) * inverse_deviation_from(x, mean, axis, epsilon) * scale
    return normed if bias is None else normed + bias


def mean_from(x: Tensor, axis: int) -> Tensor:
    """Mean over the axes from `axis` on."""
    rank = x.shape.rank
    return tf.reduce_mean(x, tuple(range(axis % rank, rank)), keepdims=True)


def inverse_deviation_from(x: Tensor, mean: Tensor, axis: int, epsilon: float) -> Tensor:
    """1/√(variance + epsilon) over the axes from `axis` on."""
    return tf.math.rsqrt(mean_from((x - mean) ** 2, axis) + epsilon)


def _local_response(node: TensorFlowNode) -> Tensor:
    size = node.attribute("size")
    factors = (node.attribute("alpha", 1e-4), node.attribute("beta", 0.75))
    return node.call(local_response, node.tensor(0), size, *factors, node.attribute("bias", 1.0))


def local_response(x: Tensor, size: int, alpha: float, beta: float, bias: float) -> Tensor:
    """X / (bias + alpha/size · Σx²)^beta, summed over `size` neighbouring channels."""
    before, channels = (size - 1) // 2, x.shape[1]
    pads = [(0, 0), (before, size - 1 - before), *((0, 0),) * (x.shape.rank - 2)]
    squares = tf.pad(x * x, pads)
    total = tf.add_n([squares[:, place : place + channels] for place in range(size)])
    return x / (bias + alpha / size * total) ** beta


def _gemm(node: TensorFlowNode) -> Tensor:
    flips = (node.attribute("transA", 0), node.attribute("transB", 0))
    factors = (node.attribute("alpha", 1.0), node.attribute("beta", 1.0))
    return node.call(gemm, *(node.tensor(index) for index in range(3)), flips, factors)


def gemm(
    a: Tensor, b: Tensor, c: Tensor | None, flips: tuple[int, int], factors: tuple[float, float]
) -> Tensor:
    """Alpha · AB + beta · C, with A and B transposed where `flips` says."""
    alpha, beta = factors
    made = tf.matmul(a, b, transpose_a=bool(flips[0]), transpose_b=bool(flips[1]))
    made = made if alpha == 1 else made * tf.cast(alpha, made.dtype)
    if c is None:
        return made
    return made + (c if beta == 1 else c * tf.cast(beta, made.dtype))


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product of matrices, as NumPy has it: a vector is a row before one, a column after."""
    left = a[None, :] if a.shape.rank == 1 else a
    right = b[:, None] if b.shape.rank == 1 else b
    made = tf.matmul(left, right)
    made = tf.squeeze(made, -2) if a.shape.rank == 1 else made
    return tf.squeeze(made, -1) if b.shape.rank == 1 else made


LAYERS: TensorFlowRules = {
    "BatchNormalization": batch_normalization(batch_norm),
    "Gemm": _gemm,
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": layer_normalization(layer_norm, mean_from, inverse_deviation_from),
    "MatMul": binary(matmul),
}
