"""How a kernel slides, in the terms of TFLite: padding as needed, none, or written out.

Axes: N batch, C channels, H height, W width, L length of a sound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dlscope.backends.onnx_graph.window import Window, same_pads
from dlscope.backends.onnx_to_tflite.axes import Shape, channels_last
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import TfliteNode

Pads = list[tuple[int, int]]
IMAGE = channels_last(4)
_SOUND = channels_last(3)


def as_image(node: TfliteNode, x: Value) -> Value:
    """`x` (N, C, H, W) with its channels last; a sound (N, C, L) becomes an image of one row."""
    if x.rank == 4:
        return x.graph.ordered(x, IMAGE)
    if x.rank != 3:
        raise node.refusal(f"{x.rank - 2} spatial axes")
    batch, channels, length = x.shape
    inputs = [x.graph.place(x, _SOUND), x.graph.numbers([1])]
    shape = (batch, channels, 1, length)
    return x.graph.add("EXPAND_DIMS", inputs, shape, x.dtype, IMAGE, options="ExpandDimsOptions")


def as_sound(x: Value) -> Value:
    """An image of one row as a sound."""
    batch, channels, _, length = x.shape
    return x.graph.add(
        "SQUEEZE", [x.place], (batch, channels, length), x.dtype, _SOUND, "SqueezeOptions",
        squeezeDims=[1],
    )  # fmt: skip


def window_of(node: TfliteNode, rank: int, kernel: tuple[int, ...] | None = None) -> Window:
    """The window of `node`, of two axes; that of a sound gets one of size 1 before its own."""
    window = Window.of(node, kernel)
    if any(pad < 0 for pad in window.pads):
        raise node.refusal("negative pads")
    if rank == 4:
        return window
    ((begin,), (end,)) = window.begins, window.ends
    return replace(
        window,
        kernel=(1, *window.kernel),
        strides=(1, *window.strides),
        dilations=(1, *window.dilations),
        pads=(0, begin, 0, end),
    )


def pads_of(node: TfliteNode, window: Window, sizes: Shape) -> Pads | None:
    """Begin and end pads of each axis; None where they depend on a size that is not known."""
    if not window.same:
        return list(zip(window.begins, window.ends, strict=True))
    if None not in sizes:
        known = [size for size in sizes if size is not None]
        is_upper = window.same == "SAME_UPPER"
        return same_pads(known, window.kernel, window.strides, window.dilations, is_upper)
    if window.same == "SAME_UPPER":
        return None
    raise node.refusal("SAME_LOWER pads of a size that is not known")


def is_same(window: Window, sizes: Shape, pads: Pads | None) -> bool:
    """Whether `pads` are those that TFLite calls SAME."""
    if pads is None:
        return True
    if None in sizes:
        return False
    known = [size for size in sizes if size is not None]
    return pads == same_pads(known, window.kernel, window.strides, window.dilations, True)


def steps(window: Window, sizes: Shape, pads: Pads | None) -> Shape:
    """How many positions the window has along each axis; none is known of a free size."""
    found: list[int | None] = []
    for place, size in enumerate(sizes):
        if size is None:
            found.append(None)
            continue
        stride = window.strides[place]
        reach = (window.kernel[place] - 1) * window.dilations[place] + 1
        total = sum(pads[place]) if pads is not None else 0
        found.append(-(-size // stride) if pads is None else (size + total - reach) // stride + 1)
    return tuple(found)


def padded(x: Value, pads: Pads, filling: float | int | None = None) -> Value:
    """The image `x` with `pads` around it, of zeros unless `filling` is given."""
    if not any(map(any, pads)):
        return x
    sides = np.array([(0, 0), *pads, (0, 0)], np.int32)
    inputs = [x.place, x.graph.weight(sides)]
    if filling is not None:
        inputs.append(x.graph.weight(np.array(filling, x.dtype)))
    batch, channels, *sizes = x.shape
    grown = tuple(
        None if size is None else size + sum(pad) for size, pad in zip(sizes, pads, strict=True)
    )
    kind, options = ("PAD", "PadOptions") if filling is None else ("PADV2", "PadV2Options")
    return x.graph.add(kind, inputs, (batch, channels, *grown), x.dtype, x.axes, options)
