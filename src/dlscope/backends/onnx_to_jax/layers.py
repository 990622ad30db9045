"""Rules for normalisation and dense layers.

Axes: N batch, C channels, then 1 to 3 spatial axes; ONNX lists pads as all begins, all ends.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from dlscope.backends.onnx_graph.rules import batch_normalization, binary, layer_normalization
from dlscope.backends.onnx_to_jax.convolution import by_channel
from dlscope.backends.onnx_to_jax.node import Array, Ints, JaxNode, JaxRules


def batch_norm(
    x: Array, scale: Array, bias: Array, mean: Array, variance: Array, epsilon: float
) -> Array:
    """(x − mean)/√(variance + epsilon) · scale + bias, channel by channel."""
    factor = scale * lax.rsqrt(variance + epsilon)
    return x * by_channel(factor, x.ndim) + by_channel(bias - mean * factor, x.ndim)


def _instance_normalization(node: JaxNode) -> Array:
    tensors = (node.tensor(index) for index in range(3))
    return node.call(instance_norm, *tensors, node.attribute("epsilon", 1e-5))


def instance_norm(x: Array, scale: Array, bias: Array, epsilon: float) -> Array:
    """Normalisation over the spatial axes of each item and channel."""
    axes = tuple(range(2, x.ndim))
    normed = (x - jnp.mean(x, axes, keepdims=True)) * lax.rsqrt(
        jnp.var(x, axes, keepdims=True) + epsilon
    )
    return normed * by_channel(scale, x.ndim) + by_channel(bias, x.ndim)


def layer_norm(x: Array, scale: Array, bias: Array | None, axis: int, epsilon: float) -> Array:
    """Normalisation over the axes from `axis` on; scale and bias may need broadcasting."""
    mean = mean_from(x, axis)
    normed = (x - mean) * inverse_deviation_from(x, mean, axis, epsilon) * scale
    return normed if bias is None else normed + bias


def mean_from(x: Array, axis: int) -> Array:
    """Mean over the axes from `axis` on."""
    return jnp.mean(x, tuple(range(axis % x.ndim, x.ndim)), keepdims=True)


def inverse_deviation_from(x: Array, mean: Array, axis: int, epsilon: float) -> Array:
    """1/√(variance + epsilon) over the axes from `axis` on."""
    return lax.rsqrt(mean_from((x - mean) ** 2, axis) + epsilon)


def _local_response(node: JaxNode) -> Array:
    size = node.attribute("size")
    factors = (node.attribute("alpha", 1e-4), node.attribute("beta", 0.75))
    return node.call(local_response, node.tensor(0), size, *factors, node.attribute("bias", 1.0))


def local_response(x: Array, size: int, alpha: float, beta: float, bias: float) -> Array:
    """X / (bias + alpha/size · Σx²)^beta, summed over `size` neighbouring channels."""
    before = (size - 1) // 2
    pads = ((0, 0), (before, size - 1 - before), *((0, 0),) * (x.ndim - 2))
    window: Ints = (1, size, *(1,) * (x.ndim - 2))
    total = lax.reduce_window(x * x, 0.0, lax.add, window, (1,) * x.ndim, pads)
    return x / (bias + alpha / size * total) ** beta


def _gemm(node: JaxNode) -> Array:
    flips = (node.attribute("transA", 0), node.attribute("transB", 0))
    factors = (node.attribute("alpha", 1.0), node.attribute("beta", 1.0))
    return node.call(gemm, *(node.tensor(index) for index in range(3)), flips, factors)


def gemm(
    a: Array, b: Array, c: Array | None, flips: tuple[int, int], factors: tuple[float, float]
) -> Array:
    """Alpha · AB + beta · C, with A and B transposed where `flips` says."""
    left, right = (x.T if flip else x for x, flip in zip((a, b), flips, strict=True))
    alpha, beta = factors
    made = jnp.matmul(left, right)
    made = made if alpha == 1 else made * jnp.asarray(alpha, made.dtype)
    if c is None:
        return made
    return made + (c if beta == 1 else c * jnp.asarray(beta, made.dtype))


LAYERS: JaxRules = {
    "BatchNormalization": batch_normalization(batch_norm),
    "Gemm": _gemm,
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": layer_normalization(layer_norm, mean_from, inverse_deviation_from),
    "MatMul": binary(jnp.matmul),
}
