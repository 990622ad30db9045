"""Rules for pooling. Axes: N batch, C channels, then 1 to 3 spatial axes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from dlscope.backends.onnx_graph.pads import Pads, overhang, pads_of
from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_jax.node import Array, JaxNode, JaxRules


def _max_pool(node: JaxNode) -> Array:
    node.require_one_output()
    x, window = node.operand(0), Window.of(node)
    pads = pads_of(window, x.shape[2:])
    beyond = _beyond(node, window, x, pads)
    return node.call(max_over_windows, x, window, _sum(pads, beyond))


def max_over_windows(x: Array, window: Window, pads: Pads) -> Array:
    """Largest value under each position of the window."""
    is_float = jnp.issubdtype(x.dtype, jnp.floating)
    lowest = -jnp.inf if is_float else jnp.iinfo(x.dtype).min
    return lax.reduce_window(x, jnp.asarray(lowest, x.dtype)[()], lax.max, **_slides(window, pads))


def _average_pool(node: JaxNode) -> Array:
    x, window = node.operand(0), Window.of(node)
    pads = pads_of(window, x.shape[2:])
    beyond = _beyond(node, window, x, pads)
    counts = bool(node.attribute("count_include_pad", 0))
    return node.call(mean_over_windows, x, window, pads, beyond, counts)


def mean_over_windows(x: Array, window: Window, pads: Pads, beyond: Pads, counts: bool) -> Array:
    """Mean under each position of the window, of the padding too where it `counts`.

    What lies `beyond` the padding never counts.
    """
    total = lax.reduce_window(x, 0.0, lax.add, **_slides(window, _sum(pads, beyond)))
    ones = jnp.ones((1, 1, *x.shape[2:]), x.dtype)
    if counts:
        ones = jnp.pad(ones, [(0, 0), (0, 0), *pads], constant_values=1)
        pads = [(0, 0)] * len(pads)
    return total / lax.reduce_window(ones, 0.0, lax.add, **_slides(window, _sum(pads, beyond)))


def mean_over_space(x: Array) -> Array:
    """Mean over all spatial axes, which become 1."""
    return jnp.mean(x, tuple(range(2, x.ndim)), keepdims=True)


def max_over_space(x: Array) -> Array:
    """Largest value over all spatial axes, which become 1."""
    return jnp.max(x, tuple(range(2, x.ndim)), keepdims=True)


def _beyond(node: JaxNode, window: Window, x: Array, pads: Pads) -> Pads:
    if not node.attribute("ceil_mode", 0):
        return [(0, 0)] * len(pads)
    return overhang(window, x.shape[2:], pads)


def _sum(pads: Pads, more: Pads) -> Pads:
    return [(a + c, b + d) for (a, b), (c, d) in zip(pads, more, strict=True)]


def _slides(window: Window, pads: Pads) -> dict[str, Any]:
    """The arguments of `reduce_window`, which slides over all axes, the first two included."""
    return {
        "window_dimensions": (1, 1, *window.kernel),
        "window_strides": (1, 1, *window.strides),
        "padding": [(0, 0), (0, 0), *pads],
        "window_dilation": (1, 1, *window.dilations),
    }


POOLING: JaxRules = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": unary(mean_over_space),
    "GlobalMaxPool": unary(max_over_space),
    "MaxPool": _max_pool,
}
