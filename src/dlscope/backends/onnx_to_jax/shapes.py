"""Rules for everything that moves, cuts, joins or makes elements without computing.

Sizes are known while JAX traces, so what is computed from them alone stays in NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import checkify
from numpy.typing import NDArray

from dlscope.backends.onnx_graph import movement
from dlscope.backends.onnx_graph.movement import full_pads, places
from dlscope.backends.onnx_graph.rules import unary
from dlscope.backends.onnx_to_jax.node import Array, Ints, JaxNode, JaxRules


def cast(x: Array, dtype: str) -> Array:
    """`x` in the type named `dtype`."""
    return x.astype(dtype)


def cast_like(x: Array, other: Array) -> Array:
    """`x` in the type of `other`."""
    return x.astype(other.dtype)


def expand(x: Array, shape: Ints) -> Array:
    """`x` broadcast against `shape`, which may itself have ones where `x` has more."""
    return jnp.broadcast_to(x, np.broadcast_shapes(x.shape, shape))


def flatten(x: Array, axis: int) -> Array:
    """A matrix: axes before `axis` as rows, the others as columns."""
    before = axis if axis >= 0 else x.ndim + axis
    return x.reshape(math.prod(x.shape[:before]), math.prod(x.shape[before:]))


def gather(x: Array, indices: Array, axis: int) -> Array:
    """Slices of `x` along `axis`; negative indices count from the end.

    Compiled code raises no errors: that an index is out of bounds is handed out beside the result.
    """
    size = x.shape[axis]
    is_within = jnp.all((indices >= -size) & (indices < size))
    checkify.check(is_within, f"an index is out of bounds for axis {axis} with size {size}")
    return jnp.take(x, indices, axis, mode="fill")


def take_one(x: Array, axis: int, index: int) -> Array:
    """The slice `index` of `x` along `axis`, which is no longer there."""
    return lax.index_in_dim(jnp.asarray(x), index, axis, keepdims=False)


def pad(x: Array, pads: Ints, axes: Ints | None, mode: str, value: Any) -> Array:
    """`x` with `pads` (all begins, then all ends) on `axes`, on all of them when None."""
    begins, ends = full_pads(pads, axes, x.ndim)
    # Only a filling may be padded by less than nothing, which cuts off.
    if mode == "constant":
        sides = [(begin, end, 0) for begin, end in zip(begins, ends, strict=True)]
        return lax.pad(jnp.asarray(x), jnp.asarray(value, x.dtype).reshape(()), sides)
    return jnp.pad(x, list(zip(begins, ends, strict=True)), mode=mode)


def _range(node: JaxNode) -> Array:
    raise node.refusal("data-dependent shapes")


def reshape(x: Array, shape: Ints, keeps_zeros: bool) -> Array:
    """`x` in `shape`, where −1 is what is left and 0, unless kept, the size `x` has there."""
    if keeps_zeros:
        return x.reshape(shape)
    return x.reshape(tuple(size or x.shape[axis] for axis, size in enumerate(shape)))


def shape_of(x: Array, start: int, end: int | None) -> NDArray[Any]:
    """The sizes of the axes from `start` to before `end`."""
    return np.array(x.shape[start:end], np.int64)


def size_of(x: Array) -> NDArray[Any]:
    """The number of elements."""
    return np.array(x.size, np.int64)


def cut(x: Array, starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> Array:
    """`x` sliced along `axes`; bounds beyond the ends are cut off, steps may go backward."""
    chosen = axes if axes is not None else tuple(range(len(starts)))
    strides = steps if steps is not None else (1,) * len(starts)
    bounds = [slice(None)] * x.ndim
    for axis, *numbers in zip(chosen, starts, ends, strides, strict=True):
        bounds[axis] = slice(*numbers)
    return x[tuple(bounds)]


def split(x: Array, sizes: Ints | None, count: int, axis: int) -> tuple[Array, ...]:
    """`x` in pieces of `sizes`, or in `count` equal ones of which the last may be smaller."""
    share = -(-x.shape[axis] // count)
    cuts = np.cumsum(sizes[:-1]) if sizes is not None else np.arange(1, count) * share
    return tuple(jnp.split(x, [int(place) for place in cuts], axis))


def squeeze(x: Array, axes: Ints | None) -> Array:
    """`x` without `axes`, all of size 1; without every axis of size 1 where None."""
    return jnp.squeeze(x, axes)


def reversed_axes(x: Array) -> Array:
    """`x` with its axes in reverse order."""
    return jnp.transpose(x)


def unsqueeze(x: Array, axes: Ints) -> Array:
    """`x` with new axes of size 1; `axes` are counted in the result."""
    return jnp.expand_dims(x, places(axes, x.ndim + len(axes)))


SHAPES: JaxRules = {
    "Cast": movement.cast(cast),
    "CastLike": movement.of_all(cast_like),
    "Concat": movement.concat(jnp.concatenate),
    "ConstantOfShape": movement.constant_of_shape(jnp.full),
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
    "Tile": movement.to_shape(jnp.tile),
    "Transpose": movement.transpose(jnp.transpose, reversed_axes),
    "Unsqueeze": movement.over_axes(unsqueeze),
    "Where": movement.of_all(jnp.where),
}
