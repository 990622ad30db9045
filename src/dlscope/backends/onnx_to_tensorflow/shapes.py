"""Rules for everything that moves, cuts, joins or makes elements without computing.

Sizes are known while TensorFlow traces, so what is computed from them alone stays in NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from dlscope.backends.onnx_graph import movement
from dlscope.backends.onnx_graph.movement import full_pads, places
from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_to_tensorflow.node import (
    Ints,
    Tensor,
    TensorFlowNode,
    TensorFlowRules,
    sizes_of,
)


def cast(x: Tensor, dtype: str) -> Tensor:
    """`x` in the type named `dtype`."""
    return tf.cast(x, dtype)


def cast_like(x: Tensor, other: Tensor) -> Tensor:
    """`x` in the type of `other`."""
    return tf.cast(x, other.dtype)


def filled(shape: Ints, value: Any, dtype: str) -> Tensor:
    """A tensor of `shape` with `value` everywhere."""
    return tf.constant(value, dtype, shape)


def expand(x: Tensor, shape: Ints) -> Tensor:
    """`x` broadcast against `shape`, which may itself have ones where `x` has more."""
    return tf.broadcast_to(x, np.broadcast_shapes(tuple(sizes_of(x)), shape))


def flatten(x: Tensor, axis: int) -> Tensor:
    """A matrix: axes before `axis` as rows, the others as columns."""
    sizes = sizes_of(x)
    before = axis if axis >= 0 else len(sizes) + axis
    return tf.reshape(x, (math.prod(sizes[:before]), math.prod(sizes[before:])))


def gather(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Slices of `x` along `axis`; negative indices count from the end."""
    size = tf.constant(x.shape[axis], indices.dtype)
    return tf.gather(x, tf.where(indices < 0, indices + size, indices), axis=axis)


def take_one(x: Tensor, axis: int, index: int) -> Tensor:
    """The slice `index` of `x` along `axis`, which is no longer there."""
    return tf.gather(x, index % x.shape[axis], axis=axis)


def pad(x: Tensor, pads: Ints, axes: Ints | None, mode: str, value: Any) -> Tensor:
    """`x` with `pads` (all begins, then all ends) on `axes`, on all of them when None."""
    sides = list(zip(*full_pads(pads, axes, x.shape.rank), strict=True))
    if mode != "constant":
        return _repeated(x, sides, mode)
    # Only a filling may be padded by less than nothing, which cuts off.
    sizes = sizes_of(x)
    cuts = (slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(sizes, sides, strict=True))
    added = [(max(a, 0), max(b, 0)) for a, b in sides]
    filling = tf.reshape(tf.cast(value, x.dtype), ())
    return tf.pad(x[tuple(cuts)], added, constant_values=filling) if sizes else x


def _repeated(x: Tensor, sides: list[tuple[int, int]], mode: Any) -> Tensor:
    for axis, side in enumerate(sides):
        if any(side):
            x = tf.gather(x, np.pad(np.arange(x.shape[axis]), side, mode), axis=axis)
    return x


def _range(node: TensorFlowNode) -> Tensor:
    raise node.refusal("data-dependent shapes")


def reshape(x: Tensor, shape: Ints, keeps_zeros: bool) -> Tensor:
    """`x` in `shape`, where −1 is what is left and 0, unless kept, the size `x` has there."""
    if keeps_zeros:
        return tf.reshape(x, shape)
    return tf.reshape(x, [size or x.shape[axis] for axis, size in enumerate(shape)])


def shape_of(x: Tensor, start: int, end: int | None) -> NDArray[Any]:
    """The sizes of the axes from `start` to before `end`."""
    return np.array(sizes_of(x)[start:end], np.int64)


def size_of(x: Tensor) -> NDArray[Any]:
    """The number of elements."""
    return np.array(math.prod(sizes_of(x)), np.int64)


def cut(x: Tensor, starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> Tensor:
    """`x` sliced along `axes`; bounds beyond the ends are cut off, steps may go backward."""
    chosen = axes if axes is not None else tuple(range(len(starts)))
    strides = steps if steps is not None else (1,) * len(starts)
    for axis, *numbers in zip(chosen, starts, ends, strides, strict=True):
        kept = range(x.shape[axis])[slice(*numbers)]
        x = tf.strided_slice(x, *_bounds(kept, axis % x.shape.rank, sizes_of(x)))
    return x


def _bounds(kept: range, axis: int, sizes: list[int]) -> tuple[list[int], list[int], list[int]]:
    """Begins, ends and steps on all axes; an end before the first element is counted anew."""
    begins, ends, steps = [0] * len(sizes), list(sizes), [1] * len(sizes)
    before_all = -sizes[axis] - 1
    begins[axis], steps[axis] = kept.start, kept.step
    ends[axis] = before_all if kept.stop < 0 else kept.stop
    return begins, ends, steps


def split(x: Tensor, sizes: Ints | None, count: int, axis: int) -> list[Tensor]:
    """`x` in pieces of `sizes`, or in `count` equal ones of which the last may be smaller."""
    whole = x.shape[axis]
    share = -(-whole // count)
    equal = [min(share, max(whole - share * place, 0)) for place in range(count)]
    pieces: list[Tensor] = tf.split(x, list(sizes) if sizes is not None else equal, axis)
    return pieces


def squeeze(x: Tensor, axes: Ints | None) -> Tensor:
    """`x` without `axes`, all of size 1; without every axis of size 1 where None."""
    return x if axes == () else tf.squeeze(x, axes)


def reversed_axes(x: Tensor) -> Tensor:
    """`x` with its axes in reverse order."""
    return tf.transpose(x)


def unsqueeze(x: Tensor, axes: Ints) -> Tensor:
    """`x` with new axes of size 1; `axes` are counted in the result."""
    for place in places(axes, x.shape.rank + len(axes)):
        x = tf.expand_dims(x, place)
    return x


SHAPES: TensorFlowRules = {
    "Cast": movement.cast(cast),
    "CastLike": movement.of_all(cast_like),
    "Concat": movement.concat(tf.concat),
    "ConstantOfShape": movement.constant_of_shape(filled),
    "Expand": movement.to_shape(expand),
    "Flatten": unary(flatten, axis=1),
    "Gather": movement.gather(gather, take_one),
    "Pad": movement.pad(pad),
    "Range": _range,
    "Reshape": movement.reshape(reshape),
    "Shape": movement.shape(shape_of),
    "Size": unary(size_of),
    "Slice": movement.cut(cut),
    "Split": movement.split(split),
    "Squeeze": movement.over_axes(squeeze),
    "Tile": movement.to_shape(tf.tile),
    "Transpose": movement.transpose(tf.transpose, reversed_axes),
    "Unsqueeze": movement.over_axes(unsqueeze),
    "Where": movement.of_all(tf.where),
}
