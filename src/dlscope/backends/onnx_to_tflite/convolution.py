"""Rules for convolution. Filters are F, C/groups, H, W in ONNX; TFLite has F, H, W, C/groups.

Axes: N batch, C channels, F filters, H height, W width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.window import Window
from dlscope.backends.onnx_to_tflite.arithmetic import add, multiply
from dlscope.backends.onnx_to_tflite.flatfile import SAME, VALID, type_number
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.shapes import concat
from dlscope.backends.onnx_to_tflite.slicing import cut, split
from dlscope.backends.onnx_to_tflite.windows import (
    IMAGE,
    as_image,
    as_sound,
    is_same,
    padded,
    pads_of,
    steps,
    window_of,
)


def _convolution(node: TfliteNode) -> Value:
    sound, weight = node.operand(0), _weight(node)
    image = as_image(node, sound)
    filters = weight if sound.rank == 4 else weight[:, :, None, :]
    window = window_of(node, sound.rank, weight.shape[2:])
    pads = pads_of(node, window, image.shape[2:])
    made_size = steps(window, image.shape[2:], pads)
    same = is_same(window, image.shape[2:], pads)
    if not same and pads is not None:
        image = padded(image, pads)
    padding = SAME if same and pads != [(0, 0), (0, 0)] else VALID
    shape = (image.shape[0], len(filters), *made_size)
    made = _convolve(node, image, filters, window, padding, shape)
    return made if sound.rank == 4 else as_sound(made)


def _convolve(
    node: TfliteNode,
    image: Value,
    filters: NDArray[Any],
    window: Window,
    padding: int,
    shape: tuple[int | None, ...],
) -> Value:
    groups, channels, graph = node.attribute("group", 1), image.shape[1], image.graph
    common = {
        "padding": padding,
        "strideH": window.strides[0],
        "strideW": window.strides[1],
        "dilationHFactor": window.dilations[0],
        "dilationWFactor": window.dilations[1],
    }
    bias = graph.weight(_bias(node, len(filters)))
    if groups == channels and groups > 1:
        # One filter for each channel: 1, H, W, F.
        weight = graph.weight(filters[:, 0].transpose(1, 2, 0)[None])
        return graph.add(
            "DEPTHWISE_CONV_2D", [image.place, weight, bias], shape, image.dtype, image.axes,
            "DepthwiseConv2DOptions", depthMultiplier=len(filters) // groups, **common,
        )  # fmt: skip
    weight = graph.weight(filters.transpose(0, 2, 3, 1))
    return graph.add(
        "CONV_2D", [image.place, weight, bias], shape, image.dtype, image.axes,
        "Conv2DOptions", **common,
    )  # fmt: skip


def _weight(node: TfliteNode) -> NDArray[Any]:
    known = node.constant(1)
    if known is None:
        raise node.refusal("computed weights")
    return known


def _bias(node: TfliteNode, filters: int) -> NDArray[Any]:
    if not node.has(2):
        return np.zeros(filters, np.float32)
    known = node.constant(2)
    if known is None:
        raise node.refusal("a computed bias")
    return known


def _transposed_convolution(node: TfliteNode) -> Value:
    """The whole product of image and filters, cut where ONNX has pads, then the bias."""
    x, weight = node.operand(0), _weight(node)
    if x.rank != 4:
        raise node.refusal(f"{x.rank - 2} spatial axes")
    window = Window.of(node, weight.shape[2:])
    if window.same or node.attribute("output_shape") is not None:
        raise node.refusal("a size that is told")
    if window.dilations != (1, 1):
        raise node.refusal("dilations")
    groups = node.attribute("group", 1)
    images = split(x, None, groups, 1) if groups > 1 else (x,)
    filters = np.split(weight, groups)
    parts = [_transposed(image, part, window) for image, part in zip(images, filters, strict=True)]
    made = concat(parts, 1) if groups > 1 else parts[0]
    framed = _framed(made, window, node.attribute("output_padding", (0, 0)))
    return add(framed, made.graph.constant(_bias(node, made.shape[1] or 0)[:, None, None]))


def _transposed(x: Value, weight: NDArray[Any], window: Window) -> Value:
    graph, image = x.graph, x.graph.ordered(x, IMAGE)
    filters = weight.shape[1]
    # Size s · n + k − s of an axis of size n, which may be known only as the model runs.
    (down, across), (height, width) = window.strides, window.kernel
    factors, terms = [1, down, across, 0], [0, height - down, width - across, filters]
    sizes = [
        None if n is None else n * factors[i + 1] + terms[i + 1]
        for i, n in enumerate(image.shape[2:])
    ]
    stored_sizes = graph.add(
        "SHAPE", [image.place], (4,), "int32", options="ShapeOptions", outType=type_number("int32")
    )
    wanted = add(
        multiply(stored_sizes, graph.constant(np.array(factors, np.int32))),
        graph.constant(np.array(terms, np.int32)),
    )
    inputs = [wanted.place, graph.weight(weight.transpose(1, 2, 3, 0)), image.place]
    return graph.add(
        "TRANSPOSE_CONV", inputs, (image.shape[0], filters, *sizes), x.dtype, IMAGE,
        "TransposeConvOptions", padding=VALID, strideH=down, strideW=across,
    )  # fmt: skip


def _framed(made: Value, window: Window, extra: tuple[int, ...]) -> Value:
    """`made` without the pads, and with zeros where `extra` reaches beyond what was made."""
    cuts = [end - more for end, more in zip(window.ends, extra, strict=True)]
    grown = padded(made, [(0, max(-cut_off, 0)) for cut_off in cuts])
    ends = tuple(-cut_off if cut_off > 0 else _WHOLE for cut_off in cuts)
    if not any(window.begins) and ends == (_WHOLE, _WHOLE):
        return grown
    return cut(grown, window.begins, ends, (2, 3), None)


_WHOLE = 1 << 40

CONVOLUTION: TfliteRules = {"Conv": _convolution, "ConvTranspose": _transposed_convolution}
