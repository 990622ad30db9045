"""`reorder_brick`: changing the layout of a tensor, as a benchmark like any other.

The layout-consistent bound charges it on every edge whose ends want different layouts. As a brick
it is measured by the same implementations, kept in the same store, and named as evidence; what it
costs is told by results in the plain layout, where both shapes mean what they say. The layout that
oneDNN keeps to itself can be neither asked for nor given: for it there is no brick.
"""

from __future__ import annotations

from dlscope.core.errors import BoundError
from dlscope.graph.brick import Brick, BrickLayer, BrickTensor
from dlscope.methods.bounds.implementation import BLOCKED, CHANNELS_LAST, PLAIN

Shape = tuple[int, ...]

_NCHWC = "com.microsoft.nchwc"
_OPSET = 17
_IMAGE_AXES = 4
_STEP = 4
"""Channels that are no multiple of this cannot be put into blocks."""
_TO_LAST, _TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
LAYOUTS = (PLAIN, CHANNELS_LAST, BLOCKED)


def reorder_brick(
    shape_nchw: Shape, source: str, target: str, *, block: int, dtype: str = "float32"
) -> Brick | None:
    """The brick that takes a tensor in the layout `source` and gives it in `target`.

    `block` is how many channels a block has, see `nchwc.block_channels`. None where nothing moves:
    the layouts are the same, the tensor has not four axes, or only one axis is longer than 1.
    Raises `BoundError` for a layout that cannot be asked for, and where the channels do not fit.
    """
    for layout in (source, target):
        if layout not in LAYOUTS:
            raise _refusal(f"no tensor can be put into or taken out of the layout {layout!r}")
    before, after = (_laid_out(shape_nchw, layout, block) for layout in (source, target))
    if source == target or len(shape_nchw) != _IMAGE_AXES or _is_same(shape_nchw, before, after):
        return None
    if BLOCKED in (source, target) and (shape_nchw[1] % _STEP or dtype != "float32"):
        raise _refusal(f"{dtype} {list(shape_nchw)} cannot be put into blocks of channels")
    layer = _layer(shape_nchw, source, target)
    tensors = (BrickTensor(dtype, before, "input"), BrickTensor(dtype, after, "activation"))
    return Brick(tensors, (layer,), (1,))


def _laid_out(shape_nchw: Shape, layout: str, block: int) -> Shape:
    """The shape that ONNX sees of a tensor in `layout`."""
    if len(shape_nchw) != _IMAGE_AXES or layout == PLAIN:
        return shape_nchw
    n, c, h, w = shape_nchw
    return (n, h, w, c) if layout == CHANNELS_LAST else (n, -(-c // block) * block, h, w)


def _is_same(shape_nchw: Shape, before: Shape, after: Shape) -> bool:
    """Whether the elements lie in the same order: one channel, or one pixel, of whole blocks."""
    _, c, h, w = shape_nchw
    sizes = {_elements(each) for each in (shape_nchw, before, after)}
    return len(sizes) == 1 and (c == 1 or h * w == 1)


def _elements(shape: Shape) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _layer(shape_nchw: Shape, source: str, target: str) -> BrickLayer:
    if target == BLOCKED:
        last = {"channels_last": int(source == CHANNELS_LAST)}
        return BrickLayer(_NCHWC, "ReorderInput", 1, last, (0,), (1,))
    if source == BLOCKED:
        last = {"channels": shape_nchw[1], "channels_last": int(target == CHANNELS_LAST)}
        return BrickLayer(_NCHWC, "ReorderOutput", 1, last, (0,), (1,))
    axes = _TO_LAST if target == CHANNELS_LAST else _TO_FIRST
    return BrickLayer("", "Transpose", _OPSET, {"perm": axes}, (0,), (1,))


def _refusal(what: str) -> BoundError:
    return BoundError(
        what,
        where="reorder",
        fix=f"ask for a reorder between two of {', '.join(LAYOUTS)}, or leave this way out",
    )
