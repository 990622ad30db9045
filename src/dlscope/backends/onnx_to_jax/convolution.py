"""Rules for convolution.

Axes: N batch, C channels, then 1 to 3 spatial axes; ONNX lists pads as all begins, all ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from dlscope.backends.onnx_graph.pads import Pads, pads_of, transposed_pads
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_jax.node import Array, JaxNode, JaxRules


def _convolution(node: JaxNode) -> Array:
    x, weight = node.operand(0), node.operand(1)
    window = Window.of(node, weight.shape[2:])
    pads, groups = pads_of(window, x.shape[2:]), node.attribute("group", 1)
    return node.call(convolve, x, weight, node.tensor(2), window, pads, groups)


def convolve(
    x: Array,
    weight: Array,
    bias: Array | None,
    window: Window,
    pads: Pads,
    groups: int,
) -> Array:
    """The convolution of `x` (N, C, …) with `weight` (filters, C/groups, …).

    On a processor XLA takes many times as long for two common kinds when they are not spelled out.
    """
    if groups == x.shape[1] and groups > 1:
        made = depthwise(x, weight, window, pads)
    elif groups == 1 and set(window.kernel) == {1}:
        made = pointwise(x, weight, window, pads)
    else:
        made = lax.conv_general_dilated(
            x,
            weight,
            window.strides,
            pads,
            rhs_dilation=window.dilations,
            feature_group_count=groups,
        )
    return made if bias is None else made + by_channel(bias, made.ndim)


def depthwise(x: Array, weight: Array, window: Window, pads: Pads) -> Array:
    """A convolution of each channel by itself: a sum of shifted images, which XLA fuses."""
    filters = weight.shape[0]
    spread = jnp.repeat(_padded(x, pads), filters // x.shape[1], axis=1)
    reach = [
        (width - 1) * step for width, step in zip(window.kernel, window.dilations, strict=True)
    ]
    inner = [size - span for size, span in zip(spread.shape[2:], reach, strict=True)]
    total: Array | None = None
    for place in itertools.product(*map(range, window.kernel)):
        begins = [index * step for index, step in zip(place, window.dilations, strict=True)]
        shifted = _every(spread, begins, inner, window.strides)
        term = shifted * by_channel(weight[(slice(None), 0, *place)], x.ndim)
        total = term if total is None else total + term
    assert total is not None, "a kernel has at least one element"
    return total


def pointwise(x: Array, weight: Array, window: Window, pads: Pads) -> Array:
    """A convolution by a kernel of one element: a matrix product over the channels."""
    image = _padded(x, pads)
    chosen = _every(image, [0] * len(pads), image.shape[2:], window.strides)
    return jnp.einsum("nc...,fc->nf...", chosen, weight.reshape(weight.shape[:2]))


def _padded(x: Array, pads: Pads) -> Array:
    return jnp.pad(x, [(0, 0), (0, 0), *pads])


def _every(x: Array, begins: Sequence[int], sizes: Sequence[int], strides: Sequence[int]) -> Array:
    cuts = (
        slice(begin, begin + size, stride)
        for begin, size, stride in zip(begins, sizes, strides, strict=True)
    )
    return x[(slice(None), slice(None), *cuts)]


def _transposed_convolution(node: JaxNode) -> Array:
    x, weight = node.operand(0), node.operand(1)
    window = Window.of(node, weight.shape[2:])
    extra = node.attribute("output_padding", (0,) * len(window.kernel))
    wanted = node.attribute("output_shape")
    pads = transposed_pads(window, x.shape[2:], extra, wanted)
    groups = node.attribute("group", 1)
    return node.call(convolve_transposed, x, weight, node.tensor(2), window, pads, groups)


def convolve_transposed(
    x: Array,
    weight: Array,
    bias: Array | None,
    window: Window,
    pads: Pads,
    groups: int,
) -> Array:
    """The transposed convolution of `x` (N, C, …) with `weight` (C, filters/groups, …).

    It is a convolution of `x` with zeros between its elements and of the filters mirrored.
    """
    channels, filters, *kernel = weight.shape
    grouped = weight.reshape(groups, channels // groups, filters, *kernel).swapaxes(1, 2)
    mirrored = jnp.flip(
        grouped.reshape(groups * filters, channels // groups, *kernel),
        tuple(range(2, weight.ndim)),
    )
    made = lax.conv_general_dilated(
        x,
        mirrored,
        (1,) * len(kernel),
        pads,
        lhs_dilation=window.strides,
        rhs_dilation=window.dilations,
        feature_group_count=groups,
    )
    return made if bias is None else made + by_channel(bias, made.ndim)


def by_channel(values: Array, rank: int) -> Array:
    """`values`, one for each channel, as they are broadcast against `rank` axes."""
    return values.reshape(-1, *(1,) * (rank - 2))


CONVOLUTION: JaxRules = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
}
