"""Rules for pooling. Axes: N batch, C channels, H height, W width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_tflite.arithmetic import multiply, reduce_over
from dlscope.backends.onnx_to_tflite.axes import channels_last
from dlscope.backends.onnx_to_tflite.flatfile import SAME, VALID
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.windows import (
    Pads,
    as_image,
    as_sound,
    is_same,
    padded,
    pads_of,
    steps,
    window_of,
)


def _max_pool(node: TfliteNode) -> Value:
    node.require_one_output()
    x = node.operand(0)
    image, window, pads, beyond = _framed(node, x)
    if pads is None or (is_same(window, image.shape[2:], pads) and not any(map(any, beyond))):
        made = _pooled("MAX_POOL_2D", image, window, pads)
    else:
        around = _sum(pads, beyond)
        made = _pooled("MAX_POOL_2D", padded(image, around, -np.inf), window, _NONE)
    return made if x.rank == 4 else as_sound(made)


def _average_pool(node: TfliteNode) -> Value:
    x = node.operand(0)
    image, window, pads, beyond = _framed(node, x)
    counts = bool(node.attribute("count_include_pad", 0))
    is_bare = not any(map(any, beyond))
    if is_bare and not counts and is_same(window, image.shape[2:], pads):
        # TFLite does not count its padding either.
        made = _pooled("AVERAGE_POOL_2D", image, window, pads)
    elif pads is None:
        raise node.refusal("pads that count, of a size that is not known")
    else:
        made = _average_of_padded(node, image, window, pads, beyond, counts)
    return made if x.rank == 4 else as_sound(made)


def _average_of_padded(
    node: TfliteNode, image: Value, window: Window, pads: Pads, beyond: Pads, counts: bool
) -> Value:
    around = _sum(pads, beyond)
    made = _pooled("AVERAGE_POOL_2D", padded(image, around), window, _NONE)
    counted = pads if counts else _NONE
    if around == counted:
        return made
    sizes = [size for size in image.shape[2:] if size is not None]
    if len(sizes) < 2:
        raise node.refusal("pads that do not count, of a size that is not known")
    factor = _shares(sizes, window, around, [*zip(pads, counted, strict=True)])
    return multiply(made, made.graph.constant(factor[None, None]))


def _shares(
    sizes: list[int], window: Window, around: Pads, marked: list[tuple[Any, Any]]
) -> NDArray[np.float32]:
    """At each position, elements of the window over those of them that count."""
    counts = []
    for axis, size in enumerate(sizes):
        (begin, _), counted = marked[axis]
        line = np.zeros(size + sum(around[axis]), np.float64)
        line[begin - counted[0] : begin + size + counted[1]] = 1
        width, stride = window.kernel[axis], window.strides[axis]
        places = range(0, len(line) - width + 1, stride)
        counts.append(np.array([line[place : place + width].sum() for place in places]))
    whole = window.kernel[0] * window.kernel[1]
    return (whole / np.outer(*counts)).astype(np.float32)


def _framed(node: TfliteNode, x: Value) -> tuple[Value, Window, Pads | None, Pads]:
    """The image, its window, its pads, and what the last position hangs over beyond them."""
    image, window = as_image(node, x), window_of(node, x.rank)
    if window.dilations != (1, 1):
        raise node.refusal("dilations")
    pads = pads_of(node, window, image.shape[2:])
    if not node.attribute("ceil_mode", 0) or pads is None:
        return image, window, pads, _NONE
    if None in image.shape[2:]:
        raise node.refusal("ceil_mode with a size that is not known")
    sizes = [size for size in image.shape[2:] if size is not None]
    beyond = [(0, _overhang(window, axis, size, pads[axis])) for axis, size in enumerate(sizes)]
    return image, window, pads, beyond


def _overhang(window: Window, axis: int, size: int, pads: tuple[int, int]) -> int:
    """How far the last window reaches beyond the end when positions are rounded up.

    It must begin within the image or the padding before it (ONNX, MaxPool).
    """
    width, stride = window.kernel[axis], window.strides[axis]
    count = -(-(size + sum(pads) - width) // stride) + 1
    if (count - 1) * stride >= size + pads[0]:
        count -= 1
    return max((count - 1) * stride + width - size - sum(pads), 0)


def _pooled(kind: str, image: Value, window: Window, pads: Pads | None) -> Value:
    """Pooling of an image whose pads are as TFLite needs them, or none."""
    has_none = pads is not None and not any(map(any, pads))
    shape = (*image.shape[:2], *steps(window, image.shape[2:], pads))
    return image.graph.add(
        kind, [image.place], shape, image.dtype, image.axes, "Pool2DOptions",
        padding=VALID if has_none else SAME,
        strideH=window.strides[0], strideW=window.strides[1],
        filterHeight=window.kernel[0], filterWidth=window.kernel[1],
    )  # fmt: skip


def _over_space(kind: str) -> Any:
    def reduce(x: Value) -> Value:
        last = x.graph.ordered(x, channels_last(x.rank))
        return reduce_over(last, kind, tuple(range(2, x.rank)), keep=True, over_none=False)

    return reduce


def _sum(first: Pads, second: Pads) -> Pads:
    return [(a + c, b + d) for (a, b), (c, d) in zip(first, second, strict=True)]


_NONE: Pads = [(0, 0), (0, 0)]

POOLING: TfliteRules = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": unary(_over_space("ReduceMean")),
    "GlobalMaxPool": unary(_over_space("ReduceMax")),
    "MaxPool": _max_pool,
}
