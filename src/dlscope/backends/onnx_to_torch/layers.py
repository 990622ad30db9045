"""Rules for convolution, pooling, normalisation and dense layers.

Axes: N batch, C channels, then 1 to 3 spatial axes; ONNX lists pads as all begins, all ends.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_graph.rules import (
    batch_normalization,
    binary,
    layer_normalization,
    unary,
)
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_torch.node import TorchNode, TorchRules
from dlscope.backends.onnx_to_torch.padding import innermost_first, is_within_half, padded

_MAX_POOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
_AVERAGE_POOL = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def _convolution(node: TorchNode) -> fx.Node:
    weight = node.constant(1)
    window = Window.of(node, weight.shape[2:] if weight is not None else None)
    zeros = (0,) * len(window.kernel)
    x = node.tensor(0) if window.is_even else padded(window, node, node.tensor(0), 0.0)
    padding = window.begins if window.is_even else zeros
    groups = node.attribute("group", 1)
    fixed = (window.strides, padding, window.dilations, False, zeros, groups)
    return node.call(torch.convolution, x, node.tensor(1), node.tensor(2), *fixed)


def _transposed_convolution(node: TorchNode) -> fx.Node:
    weight = node.constant(1)
    window = Window.of(node, weight.shape[2:] if weight is not None else None)
    if window.same or node.attribute("output_shape") is not None:
        raise node.refusal("padding by output shape")
    zeros = (0,) * len(window.kernel)
    padding = window.begins if window.is_even else zeros
    extra = node.attribute("output_padding", zeros)
    fixed = (window.strides, padding, window.dilations, True, extra, node.attribute("group", 1))
    whole = node.call(torch.convolution, node.tensor(0), node.tensor(1), node.tensor(2), *fixed)
    if window.is_even:
        return whole
    crop = [-pad for pad in innermost_first(window.begins, window.ends)]
    return node.call(F.pad, whole, crop)


def _max_pool(node: TorchNode) -> fx.Node:
    node.require_one_output()
    window = Window.of(node)
    pool = _MAX_POOL[len(window.kernel) - 1]
    ceil = bool(node.attribute("ceil_mode", 0))
    x, padding = node.tensor(0), window.begins
    if not (window.is_even and is_within_half(window)):
        x, padding = padded(window, node, x, float("-inf")), (0,) * len(window.kernel)
    return node.call(pool, x, window.kernel, window.strides, padding, window.dilations, ceil)


def _average_pool(node: TorchNode) -> fx.Node:
    window = Window.of(node)
    if set(window.dilations) != {1}:
        raise node.refusal("dilations")
    pool = _AVERAGE_POOL[len(window.kernel) - 1]
    ceil, counts = (bool(node.attribute(key, 0)) for key in ("ceil_mode", "count_include_pad"))
    x, fixed = node.tensor(0), (window.kernel, window.strides)
    if window.is_even and is_within_half(window):
        return node.call(pool, x, *fixed, window.begins, ceil, counts)
    mean = node.call(pool, padded(window, node, x, 0.0), *fixed, 0, ceil)
    if counts:
        return mean
    ones = padded(window, node, node.call(torch.ones_like, x), 0.0)
    return node.call(torch.div, mean, node.call(pool, ones, *fixed, 0, ceil))


def mean_over_space(x: Tensor) -> Tensor:
    """Mean over all spatial axes, which become 1."""
    return x.mean(tuple(range(2, x.ndim)), keepdim=True)


def max_over_space(x: Tensor) -> Tensor:
    """Largest value over all spatial axes, which become 1."""
    return x.amax(tuple(range(2, x.ndim)), keepdim=True)


def batch_norm(
    x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float
) -> Tensor:
    """(x − mean)/√(variance + epsilon) · scale + bias, channel by channel."""
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)


def _instance_normalization(node: TorchNode) -> fx.Node:
    epsilon = node.attribute("epsilon", 1e-5)
    affine = {"weight": node.tensor(1), "bias": node.tensor(2)}
    return node.call(F.instance_norm, node.tensor(0), **affine, eps=epsilon)


def layer_norm(x: Tensor, scale: Tensor, bias: Tensor | None, axis: int, epsilon: float) -> Tensor:
    """Normalisation over the axes from `axis` on; scale and bias may need broadcasting."""
    shape = x.shape[axis:]
    if scale.shape == shape and (bias is None or bias.shape == shape):
        return F.layer_norm(x, shape, scale, bias, epsilon)
    normed = F.layer_norm(x, shape, None, None, epsilon) * scale
    return normed if bias is None else normed + bias


def mean_from(x: Tensor, axis: int) -> Tensor:
    """Mean over the axes from `axis` on."""
    return x.mean(tuple(range(axis % x.ndim, x.ndim)), keepdim=True)


def inverse_deviation_from(x: Tensor, mean: Tensor, axis: int, epsilon: float) -> Tensor:
    """1/√(variance + epsilon) over the axes from `axis` on."""
    return torch.rsqrt(mean_from((x - mean) ** 2, axis) + epsilon)


def _local_response(node: TorchNode) -> fx.Node:
    alpha, beta = node.attribute("alpha", 1e-4), node.attribute("beta", 0.75)
    size, bias = node.attribute("size"), node.attribute("bias", 1.0)
    if size % 2 == 0:
        raise node.refusal("an even size")
    return node.call(F.local_response_norm, node.tensor(0), size, alpha, beta, bias)


def _gemm(node: TorchNode) -> fx.Node:
    flips = (node.attribute("transA", 0), node.attribute("transB", 0))
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    bias = node.constant(2)
    is_linear = flips == (0, 1) and alpha == 1 and (beta == 1 or not node.has(2))
    if is_linear and (not node.has(2) or (bias is not None and bias.ndim == 1)):
        return node.call(F.linear, *(node.tensor(index) for index in range(3)))
    a, b = (
        node.call(torch.t, node.tensor(index)) if flip else node.tensor(index)
        for index, flip in enumerate(flips)
    )
    if not node.has(2):
        return node.call(torch.mul, node.call(torch.mm, a, b), alpha)
    return node.call(torch.addmm, node.tensor(2), a, b, beta=beta, alpha=alpha)


LAYERS: TorchRules = {
    "AveragePool": _average_pool,
    "BatchNormalization": batch_normalization(batch_norm),
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "GlobalAveragePool": unary(mean_over_space),
    "GlobalMaxPool": unary(max_over_space),
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": layer_normalization(layer_norm, mean_from, inverse_deviation_from),
    "MatMul": binary(torch.matmul),
    "MaxPool": _max_pool,
}
