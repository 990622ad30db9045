"""Rules for convolution, which TensorFlow computes on the processor with the channels last.

Axes: N batch, C channels, then 1 to 3 spatial axes; ONNX lists pads as all begins, all ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dlscope.backends.onnx_graph.pads import Pads, pads_of, transposed_pads
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_tensorflow.node import (
    Tensor,
    TensorFlowNode,
    TensorFlowRules,
    sizes_of,
)

_PLANE = 2


def _convolution(node: TensorFlowNode) -> Tensor:
    x, weight = node.operand(0), node.operand(1)
    window = Window.of(node, tuple(sizes_of(weight)[2:]))
    pads, groups = pads_of(window, sizes_of(x)[2:]), node.attribute("group", 1)
    return node.call(convolve, x, weight, node.tensor(2), window, pads, groups)


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, pads: Pads, groups: int
) -> Tensor:
    """The convolution of `x` (N, C, …) with `weight` (filters, C/groups, …)."""
    image = channels_last(padded(x, pads, 0))
    if groups == x.shape[1] and groups > 1 and _is_depthwise(window):
        made = _depthwise(image, weight, window)
    else:
        filters = tf.transpose(weight, (*range(2, weight.shape.rank), 1, 0))
        made = _by_groups(image, filters, window, groups)
    return channels_first(made if bias is None else made + bias)


def _by_groups(image: Tensor, filters: Tensor, window: Window, groups: int) -> Tensor:
    """A convolution, taken apart into its groups where TensorFlow knows none."""
    settings = {"strides": window.strides, "padding": "VALID", "dilations": window.dilations}
    if groups == 1:
        return tf.nn.convolution(image, filters, **settings)
    parts = zip(tf.split(image, groups, -1), tf.split(filters, groups, -1), strict=True)
    return tf.concat([tf.nn.convolution(*part, **settings) for part in parts], -1)


def _is_depthwise(window: Window) -> bool:
    """Whether TensorFlow's convolution of each channel by itself can do it."""
    is_even = len(set(window.strides)) == 1
    is_dense = set(window.dilations) == {1} or set(window.strides) == {1}
    return len(window.kernel) == _PLANE and is_even and is_dense


def _depthwise(image: Tensor, weight: Tensor, window: Window) -> Tensor:
    channels = image.shape[-1]
    grouped = tf.reshape(weight, (channels, weight.shape[0] // channels, *window.kernel))
    filters = tf.transpose(grouped, (2, 3, 0, 1))
    return tf.nn.depthwise_conv2d(
        image, filters, (1, *window.strides, 1), "VALID", dilations=window.dilations
    )


def _transposed_convolution(node: TensorFlowNode) -> Tensor:
    x, weight = node.operand(0), node.operand(1)
    window = Window.of(node, tuple(sizes_of(weight)[2:]))
    extra = node.attribute("output_padding", (0,) * len(window.kernel))
    wanted = node.attribute("output_shape")
    pads = transposed_pads(window, sizes_of(x)[2:], extra, wanted)
    groups = node.attribute("group", 1)
    return node.call(convolve_transposed, x, weight, node.tensor(2), window, pads, groups)


def convolve_transposed(
    x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, pads: Pads, groups: int
) -> Tensor:
    """The transposed convolution of `x` (N, C, …) with `weight` (C, filters/groups, …).

    It is a convolution of `x` with zeros between its elements and of the filters mirrored.
    """
    channels, filters, *kernel = sizes_of(weight)
    grouped = tf.reshape(weight, (groups, channels // groups, filters, *kernel))
    swapped = tf.transpose(grouped, (0, 2, 1, *range(3, 3 + len(kernel))))
    whole = tf.reshape(swapped, (groups * filters, channels // groups, *kernel))
    mirrored = tf.reverse(whole, list(range(2, 2 + len(kernel))))
    ones = (1,) * len(kernel)
    plain = Window(window.kernel, ones, window.dilations, (0,) * len(window.pads), "")
    return convolve(spread(x, window.strides), mirrored, bias, plain, pads, groups)


def spread(x: Tensor, strides: Sequence[int]) -> Tensor:
    """`x` with stride − 1 zeros between two neighbours of each spatial axis."""
    for axis, stride in enumerate(strides, 2):
        sizes = sizes_of(x)
        apart = tf.expand_dims(x, axis + 1)
        pads = [(0, stride - 1 if place == axis + 1 else 0) for place in range(len(sizes) + 1)]
        sizes[axis] *= stride
        merged = tf.reshape(tf.pad(apart, pads), sizes)
        sizes[axis] -= stride - 1
        x = tf.slice(merged, [0] * len(sizes), sizes)
    return x


def padded(x: Tensor, pads: Pads, value: float) -> Tensor:
    """`x` with `value` around its spatial axes; where a pad is negative it is cut off."""
    if any(min(pair) < 0 for pair in pads):
        cuts = [slice(max(-a, 0), size - max(-b, 0)) for size, (a, b) in _sides(x, pads)]
        x = x[(slice(None), slice(None), *cuts)]
    added = [(0, 0), (0, 0), *((max(a, 0), max(b, 0)) for a, b in pads)]
    if not any(max(pair) for pair in added):
        return x
    return tf.pad(x, added, constant_values=tf.constant(value, x.dtype))


def _sides(x: Tensor, pads: Pads) -> list[tuple[int, tuple[int, int]]]:
    return list(zip(sizes_of(x)[2:], pads, strict=True))


def channels_last(x: Tensor) -> Tensor:
    """`x` (N, C, …) with its channels at the end."""
    return tf.transpose(x, (0, *range(2, x.shape.rank), 1))


def channels_first(x: Tensor) -> Tensor:
    """`x` (N, …, C) with its channels after the batch."""
    return tf.transpose(x, (0, x.shape.rank - 1, *range(1, x.shape.rank - 1)))


CONVOLUTION: TensorFlowRules = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
}
