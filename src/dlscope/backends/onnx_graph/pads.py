"""Begin and end pads of every spatial axis where the sizes of the image are known."""

from __future__ import annotations

from collections.abc import Sequence

from dlscope.backends.onnx_graph.window import Window, same_pads

Pads = list[tuple[int, int]]


def pads_of(window: Window, sizes: Sequence[int]) -> Pads:
    """The padding of `window` over an image of `sizes`."""
    if window.same:
        is_upper = window.same == "SAME_UPPER"
        return same_pads(sizes, window.kernel, window.strides, window.dilations, is_upper)
    return list(zip(window.begins, window.ends, strict=True))


def overhang(window: Window, sizes: Sequence[int], pads: Pads) -> Pads:
    """What the last window may reach beyond `pads` when positions are rounded up.

    A window that would begin in the padding after the image is left out.
    """
    reach = []
    axes = zip(sizes, pads, window.kernel, window.strides, window.dilations, strict=True)
    for size, (begin, end), width, stride, dilation in axes:
        last = size + begin + end - ((width - 1) * dilation + 1)
        steps = -(-last // stride)
        if steps * stride >= size + begin:
            steps -= 1
        reach.append((0, max(steps * stride - last, 0)))
    return reach


def transposed_pads(
    window: Window, sizes: Sequence[int], extra: Sequence[int], wanted: Sequence[int] | None
) -> Pads:
    """Padding around the spread-out image, so that the result has the size ONNX gives it.

    size = s · (n − 1) + extra + (k − 1) · d + 1 − begin − end     (ONNX, ConvTranspose)
    """
    pads = []
    for axis, (size, stride) in enumerate(zip(sizes, window.strides, strict=True)):
        span = (window.kernel[axis] - 1) * window.dilations[axis]
        begin, end = window.begins[axis], window.ends[axis]
        if wanted is not None or window.same:
            kept = size * stride if wanted is None else wanted[axis]
            total = stride * (size - 1) + extra[axis] + span + 1 - kept
            begin = total // 2 if window.same == "SAME_UPPER" else total - total // 2
            end = total - begin
        pads.append((span - begin, span - end + extra[axis]))
    return pads
