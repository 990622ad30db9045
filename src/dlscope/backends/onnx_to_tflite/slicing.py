"""Rules for everything that cuts: slices, pieces, one of many."""

from __future__ import annotations

import numpy as np

from dlscope.backends.onnx_graph import movement
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import Ints, TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.resizing import cast, joined, part_of

_BEYOND = 1 << 30
"""A bound of a slice from here on means the end, however long the axis is."""


def take_one(x: Value, axis: int, index: int) -> Value:
    """The slice `index` of `x` along `axis`, which is no longer there."""
    begins, ends = [0] * x.rank, [0] * x.rank
    begins[axis], ends[axis] = index, index + 1
    shape = tuple(size for place, size in enumerate(x.shape) if place != axis)
    others = sum(1 << place for place in range(x.rank) if place != axis)
    inputs = [x.graph.place(x), *map(x.graph.numbers, (begins, ends, [1] * x.rank))]
    return x.graph.add(
        "STRIDED_SLICE", inputs, shape, x.dtype, options="StridedSliceOptions",
        beginMask=others, endMask=others, shrinkAxisMask=1 << axis,
    )  # fmt: skip


def _slice(node: TfliteNode) -> Value:
    if all(not node.has(index) or node.constant(index) is not None for index in range(1, 5)):
        return _plain_cut(node)  # type: ignore[return-value]  # it makes one tensor
    x, axes, steps = node.operand(0), node.constant(3), node.constant(4)
    if (node.has(3) and axes is None) or (node.has(4) and steps is None):
        raise node.refusal("computed axes or steps")
    (count,) = node.operand(1).shape
    chosen = [int(axis) % x.rank for axis in (range(count or 0) if axes is None else axes)]
    leaps = [1] * x.rank
    for axis, step in zip(chosen, [1] * len(chosen) if steps is None else steps, strict=True):
        leaps[axis] = int(step)
    begins = _spread(x, _clipped(node, 1), chosen)
    ends = _spread(x, _clipped(node, 2), chosen)
    whole = _mask(tuple(axis not in chosen for axis in range(x.rank)))
    told = x.graph.inferred.get(node.outputs[0], (None,) * x.rank)
    inputs = [*map(x.graph.place, (x, begins, ends)), x.graph.numbers(leaps)]
    return x.graph.add(
        "STRIDED_SLICE", inputs, told, x.dtype, options="StridedSliceOptions",
        beginMask=whole, endMask=whole,
    )  # fmt: skip


_plain_cut = movement.cut(lambda *given: cut(*given))


def _clipped(node: TfliteNode, index: int) -> Value:
    """Input `index` as int32, into which the largest int64 does not fit."""
    value, known = node.operand(index), node.constant(index)
    if known is not None:
        value = value.graph.constant(np.clip(known, -_BEYOND, _BEYOND))
    return cast(value, "int32")


def _spread(x: Value, numbers: Value, chosen: list[int]) -> Value:
    """One number for each axis of `x`: `numbers` for those that are chosen, else 0."""
    nothing = x.graph.constant(np.zeros(1, np.int32))
    parts = [
        part_of(numbers, chosen.index(axis)) if axis in chosen else nothing
        for axis in range(x.rank)
    ]
    return joined(parts)


def cut(x: Value, starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> Value:
    """`x` sliced along `axes`; bounds beyond the ends are cut off, steps may go backward."""
    chosen = axes if axes is not None else tuple(range(len(starts)))
    strides = steps if steps is not None else (1,) * len(starts)
    bounds = [(0, 0, 1, True, True)] * x.rank
    shape = list(x.shape)
    for axis, start, end, step in zip(chosen, starts, ends, strides, strict=True):
        at, size = axis % x.rank, x.shape[axis % x.rank]
        bounds[at] = _bound(start, end, step, size)
        shape[at] = None if size is None else len(range(*slice(start, end, step).indices(size)))
    begins, stops, leaps, from_start, to_end = zip(*(bounds[axis] for axis in x.axes), strict=True)
    inputs = [x.graph.place(x, x.axes), *map(x.graph.numbers, (begins, stops, leaps))]
    return x.graph.add(
        "STRIDED_SLICE", inputs, tuple(shape), x.dtype, x.axes, "StridedSliceOptions",
        beginMask=_mask(from_start), endMask=_mask(to_end),
    )  # fmt: skip


def _bound(start: int, end: int, step: int, size: int | None) -> tuple[int, int, int, bool, bool]:
    """Begin, end, step, and whether it goes from the first and to the last element."""
    if size is not None:
        begin, stop, step = slice(start, end, step).indices(size)
        # Before the first element there is no number that does not count from the end.
        return begin, stop, step, False, stop < 0
    is_first = abs(start) >= _BEYOND
    return (
        (0 if is_first else start),
        (0 if abs(end) >= _BEYOND else end),
        step,
        is_first,
        (abs(end) >= _BEYOND),
    )


def _mask(flags: tuple[bool, ...]) -> int:
    return sum(1 << place for place, flag in enumerate(flags) if flag)


def split(x: Value, sizes: Ints | None, count: int, axis: int) -> tuple[Value, ...]:
    """`x` in pieces of `sizes`, or in `count` equal ones of which the last may be smaller."""
    whole = x.shape[axis % x.rank]
    if sizes is None:
        if whole is None:
            raise ValueError("a split in equal pieces needs a size that is known")
        share = -(-whole // count)
        sizes = (share,) * (count - 1) + (whole - share * (count - 1),)
    ends = np.cumsum(sizes).tolist()
    begins = [0, *ends[:-1]]
    return tuple(
        cut(x, (begin,), (end,), (axis,), None) for begin, end in zip(begins, ends, strict=True)
    )


SLICING: TfliteRules = {
    "Slice": _slice,
    "Split": movement.split(split),
}
