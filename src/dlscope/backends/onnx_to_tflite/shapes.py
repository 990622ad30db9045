"""Rules for everything that moves, joins or pads elements without computing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlscope.backends.onnx_graph import movement
from dlscope.backends.onnx_graph.movement import full_pads, places
from dlscope.backends.onnx_graph.node import dtype_name
from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_to_tflite.arithmetic import broadcast, choose, maximum, with_number
from dlscope.backends.onnx_to_tflite.axes import Shape, inverse, plain
from dlscope.backends.onnx_to_tflite.flatfile import DTYPES
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import Ints, TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.resizing import (
    cast,
    joined,
    reshaped,
    sizes_of,
    to_shape,
    to_sizes,
)
from dlscope.backends.onnx_to_tflite.slicing import cut, take_one

_REFLECT = 0


def _cast(node: TfliteNode) -> Value:
    dtype = dtype_name(node.attribute("to"))
    if dtype not in DTYPES:
        raise node.refusal(dtype)
    return cast(node.operand(0), dtype)


def cast_like(x: Value, other: Value) -> Value:
    """`x` in the type of `other`."""
    return cast(x, other.dtype)


def concat(values: list[Value], axis: int) -> Value:
    """`values` one after the other along `axis`."""
    graph, rank = values[0].graph, values[0].rank
    at = axis % rank
    order = next((value.axes for value in values if value.array is None), plain(rank))
    lengths = [value.shape[at] for value in values]
    total = None if None in lengths else sum(length or 0 for length in lengths)
    sizes = [value.shape for value in values]
    shape = tuple(
        total if place == at else next((size for size in along if size is not None), None)
        for place, along in enumerate(zip(*sizes, strict=True))
    )
    inputs = [graph.place(value, order) for value in values]
    return graph.add(
        "CONCATENATION", inputs, shape, values[0].dtype, order, "ConcatenationOptions",
        axis=order.index(at),
    )  # fmt: skip


def _expand(node: TfliteNode) -> Value:
    x, known = node.operand(0), node.constant(1)
    graph = x.graph
    if known is not None and None not in x.shape:
        shape = broadcast(x.shape, tuple(known.tolist()))
        inputs = [graph.place(x), graph.numbers([size or 0 for size in shape])]
        return graph.add("BROADCAST_TO", inputs, shape, x.dtype)
    wanted = cast(node.operand(1), "int32")
    (rank,) = wanted.shape
    if rank is None:
        raise node.refusal("a rank that is not known")
    sizes = sizes_of(x)
    if rank > x.rank:
        sizes = joined([graph.constant(np.ones(rank - x.rank, np.int32)), sizes])
    elif rank < x.rank:
        wanted = joined([graph.constant(np.ones(x.rank - rank, np.int32)), wanted])
    # Sizes are at least 1, and where both are more than 1 they are equal.
    target = maximum(sizes, wanted)
    told = graph.inferred.get(node.outputs[0], (None,) * max(rank, x.rank))
    return graph.add("BROADCAST_TO", [graph.place(x), graph.place(target)], told, x.dtype)


def flatten(x: Value, axis: int) -> Value:
    """A matrix: axes before `axis` as rows, the others as columns."""
    at = axis if axis >= 0 else x.rank + axis
    return to_shape(x, (_product(x.shape[:at]), _product(x.shape[at:])))


def _product(sizes: Shape) -> int | None:
    return None if None in sizes else math.prod(size or 0 for size in sizes)


def _gather(node: TfliteNode) -> Value:
    x, known = node.operand(0), node.constant(1)
    at = node.attribute("axis", 0) % x.rank
    size, graph = x.shape[at], x.graph
    if known is not None and known.ndim == 0:
        return take_one(x, at, int(known))
    if known is not None and (known < 0).any():
        if size is None:
            raise node.refusal("indices from the end of a size that is not known")
        known = np.where(known < 0, known + size, known)
    indices = node.operand(1) if known is None else graph.constant(known)
    shape = (*x.shape[:at], *indices.shape, *x.shape[at + 1 :])
    inputs = [graph.place(x), graph.place(indices)]
    return graph.add("GATHER", inputs, shape, x.dtype, options="GatherOptions", axis=at)


def _pad(node: TfliteNode) -> Value:
    numbers = node.ints(1, "pads")
    if min(numbers, default=0) < 0:
        raise node.refusal("negative pads")
    return _plain_pad(node)  # type: ignore[return-value]  # it makes one tensor


_plain_pad = movement.pad(lambda *given: pad(*given))


def pad(x: Value, numbers: Ints, axes: Ints | None, mode: str, value: Any) -> Value:
    """`x` with `numbers` (all begins, then all ends) on `axes`, on all of them when None."""
    sides = list(zip(*full_pads(numbers, axes, x.rank), strict=True))
    if not any(map(any, sides)):
        return x
    if mode in ("edge", "wrap"):
        return _padded_by_index(x, sides, mode)
    kind, options = ("MIRROR_PAD", "MirrorPadOptions") if mode == "reflect" else ("PADV2", "")
    graph = x.graph
    in_file = np.array([sides[axis] for axis in x.axes], np.int32)
    inputs = [graph.place(x, x.axes), graph.weight(in_file)]
    if mode == "constant":
        inputs.append(graph.weight(np.array(value, x.dtype)))
    shape = tuple(
        None if size is None else size + sum(side)
        for size, side in zip(x.shape, sides, strict=True)
    )
    fields = {"mode": _REFLECT} if mode == "reflect" else {}
    return graph.add(kind, inputs, shape, x.dtype, x.axes, options or "PadV2Options", **fields)


def _padded_by_index(x: Value, sides: list[tuple[int, int]], mode: str) -> Value:
    made = x.graph.plainly(x)
    for axis, side in enumerate(sides):
        size = made.shape[axis]
        if not any(side):
            continue
        if size is None:
            raise ValueError(f"pads in the mode {mode} need a size that is known")
        indices = np.pad(np.arange(size, dtype=np.int32), side, mode=mode)  # type: ignore[call-overload]  # both modes are among NumPy's
        shape = (*made.shape[:axis], len(indices), *made.shape[axis + 1 :])
        inputs = [made.place, x.graph.weight(indices)]
        made = x.graph.add("GATHER", inputs, shape, x.dtype, options="GatherOptions", axis=axis)
    return made


def _reshape(node: TfliteNode) -> Value:
    x = node.operand(0)
    known = node.attribute("shape", node.constant(1) if node.has(1) else None)
    if known is not None:
        target = tuple(int(size) for size in np.asarray(known).reshape(-1))
        keeps_zeros = bool(node.attribute("allowzero", 0))
        if keeps_zeros and 0 in target:
            raise node.refusal("an empty tensor")
        return reshaped(x, target)
    sizes = cast(node.operand(1), "int32")
    told = x.graph.inferred.get(node.outputs[0])
    if told is not None and told.count(None) <= 1:
        return to_shape(x, told)
    (rank,) = sizes.shape
    if rank is None:
        raise node.refusal("a rank that is not known")
    if not node.attribute("allowzero", 0):
        sizes = _zeros_copied(x, sizes, rank)
    return to_sizes(x, sizes, told if told is not None else (None,) * rank)


def _zeros_copied(x: Value, target: Value, rank: int) -> Value:
    """The sizes in `target`, those that are 0 taken from `x`."""
    own = sizes_of(x)
    if rank < x.rank:
        own = cut(own, (0,), (rank,), (0,), None)
    elif rank > x.rank:
        own = joined([own, x.graph.constant(np.ones(rank - x.rank, np.int32))])
    return choose(with_number("EQUAL", target, 0), own, target)


def shape_of(x: Value, start: int, end: int | None) -> Value:
    """The sizes of the axes from `start` to before `end`."""
    sizes = x.shape[start:end]
    if None not in sizes:
        return x.graph.constant(np.array(sizes, np.int64))
    return cut(sizes_of(x, "int64"), (start,), (x.rank if end is None else end,), (0,), None)


def squeeze(x: Value, axes: Ints | None) -> Value:
    """`x` without `axes`, all of size 1; without every axis of size 1 where None."""
    if axes is None:
        gone = [axis for axis, size in enumerate(x.shape) if size == 1]
    else:
        gone = places(axes, x.rank)
    shape = tuple(size for axis, size in enumerate(x.shape) if axis not in gone)
    return x.graph.add(
        "SQUEEZE", [x.graph.place(x)], shape, x.dtype, options="SqueezeOptions", squeezeDims=gone
    )


def tile(x: Value, repeats: Ints) -> Value:
    """`x` as often along each axis as `repeats` says."""
    shape = tuple(
        None if size is None else size * times for size, times in zip(x.shape, repeats, strict=True)
    )
    inputs = [x.graph.place(x), x.graph.numbers(repeats)]
    return x.graph.add("TILE", inputs, shape, x.dtype, options="TileOptions")


def transpose(x: Value, order: Ints) -> Value:
    """`x` with its axes in another order: the same tensor, looked at in another way."""
    shape = tuple(x.shape[axis] for axis in order)
    if x.array is not None:
        return x.graph.constant(np.transpose(x.array, order))
    back = inverse(order)
    return Value(x.graph, shape, x.dtype, tuple(back[axis] for axis in x.axes), x.place)


def reversed_axes(x: Value) -> Value:
    """`x` with its axes in reverse order."""
    return transpose(x, tuple(range(x.rank))[::-1])


def unsqueeze(x: Value, axes: Ints) -> Value:
    """`x` with new axes of size 1; `axes` are counted in the result."""
    made = x.graph.plainly(x)
    for axis in places(axes, x.rank + len(axes)):
        shape = (*made.shape[:axis], 1, *made.shape[axis:])
        inputs = [x.graph.place(made), x.graph.numbers([axis])]
        made = x.graph.add("EXPAND_DIMS", inputs, shape, x.dtype, options="ExpandDimsOptions")
    return made


SHAPES: TfliteRules = {
    "Cast": _cast,
    "CastLike": movement.of_all(cast_like),
    "Concat": movement.concat(concat),
    "Expand": _expand,
    "Flatten": unary(flatten, axis=1),
    "Gather": _gather,
    "Pad": _pad,
    "Reshape": _reshape,
    "Shape": movement.shape(shape_of),
    "Squeeze": movement.over_axes(squeeze),
    "Tile": movement.to_shape(tile),
    "Transpose": movement.transpose(transpose, reversed_axes),
    "Unsqueeze": movement.over_axes(unsqueeze),
    "Where": movement.of_all(choose),
}
