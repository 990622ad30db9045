"""Rules for pooling. Axes: N batch, C channels, then 1 to 3 spatial axes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.pads import Pads, overhang, pads_of
from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_tensorflow.convolution import channels_first, channels_last, padded
from dlscope.backends.onnx_to_tensorflow.node import (
    Tensor,
    TensorFlowNode,
    TensorFlowRules,
    sizes_of,
)


def _max_pool(node: TensorFlowNode) -> Tensor:
    node.require_one_output()
    x, window = node.operand(0), Window.of(node)
    pads = pads_of(window, sizes_of(x)[2:])
    return node.call(max_over_windows, x, window, _sum(pads, _beyond(node, window, x, pads)))


def max_over_windows(x: Tensor, window: Window, pads: Pads) -> Tensor:
    """Largest value under each position of the window."""
    lowest = -math.inf if x.dtype.is_floating else x.dtype.min
    return _over_windows(padded(x, pads, lowest), window, "MAX")


def _average_pool(node: TensorFlowNode) -> Tensor:
    x, window = node.operand(0), Window.of(node)
    pads = pads_of(window, sizes_of(x)[2:])
    beyond = _beyond(node, window, x, pads)
    counts = bool(node.attribute("count_include_pad", 0))
    return node.call(mean_over_windows, x, window, pads, beyond, counts)


def mean_over_windows(x: Tensor, window: Window, pads: Pads, beyond: Pads, counts: bool) -> Tensor:
    """Mean under each position of the window, of the padding too where it `counts`.

    What lies `beyond` the padding never counts.
    """
    around = _sum(pads, beyond)
    mean = _over_windows(padded(x, around, 0), window, "AVG")
    counted = pads if counts else [(0, 0)] * len(pads)
    shares = _shares(sizes_of(x)[2:], window, around, counted)
    # The mean was taken over the whole window, with zeros where nothing counts.
    return mean if np.all(shares == 1) else mean / tf.constant(shares, x.dtype)


def _shares(sizes: list[int], window: Window, around: Pads, counted: Pads) -> NDArray[Any]:
    """How much of the window lies on what counts, for each of its positions."""
    by_axis = []
    for axis, size in enumerate(sizes):
        (begin, end), (before, after) = around[axis], counted[axis]
        reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1
        starts = np.arange(-begin, size + end - reach + 1, window.strides[axis])
        places = starts[:, None] + np.arange(0, reach, window.dilations[axis])
        by_axis.append(((places >= -before) & (places < size + after)).mean(1))
    shares: NDArray[Any] = functools.reduce(np.multiply.outer, by_axis)
    return shares


def _over_windows(x: Tensor, window: Window, kind: str) -> Tensor:
    """The pooling `kind`; one with gaps is made at every place, of which some are kept."""
    leaps = any(step > width for step, width in zip(window.strides, window.kernel, strict=True))
    has_gaps = leaps or set(window.dilations) != {1}
    strides = (1,) * len(window.kernel) if has_gaps else window.strides
    settings = {"padding": "VALID", "dilations": window.dilations}
    made = tf.nn.pool(channels_last(x), window.kernel, kind, strides, **settings)
    if has_gaps:
        made = made[(slice(None), *(slice(None, None, step) for step in window.strides))]
    return channels_first(made)


def mean_over_space(x: Tensor) -> Tensor:
    """Mean over all spatial axes, which become 1."""
    return tf.reduce_mean(x, tuple(range(2, x.shape.rank)), keepdims=True)


def max_over_space(x: Tensor) -> Tensor:
    """Largest value over all spatial axes, which become 1."""
    return tf.reduce_max(x, tuple(range(2, x.shape.rank)), keepdims=True)


def _beyond(node: TensorFlowNode, window: Window, x: Tensor, pads: Pads) -> Pads:
    if not node.attribute("ceil_mode", 0):
        return [(0, 0)] * len(pads)
    return overhang(window, sizes_of(x)[2:], pads)


def _sum(pads: Pads, more: Pads) -> Pads:
    return [(a + c, b + d) for (a, b), (c, d) in zip(pads, more, strict=True)]


POOLING: TensorFlowRules = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": unary(mean_over_space),
    "GlobalMaxPool": unary(max_over_space),
    "MaxPool": _max_pool,
}
