"""Reshaping, where some sizes are known only as the model runs."""

from __future__ import annotations

import math

import numpy as np

from dlscope.backends.onnx_to_tflite.axes import Shape, size_of
from dlscope.backends.onnx_to_tflite.flatfile import type_number
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import Ints


def reshaped(x: Value, target: Ints) -> Value:
    """`x` in the shape `target`: −1 is what is left, 0 the size `x` has there."""
    copied = [axis for axis, size in enumerate(target) if size == 0]
    shape = _outcome(x, target, copied)
    if shape.count(None) <= 1:
        return to_shape(x, shape)
    # TFLite copies no sizes: the target is put together as the model runs.
    sizes = sizes_of(x)
    parts = [
        part_of(sizes, axis) if axis in copied and x.shape[axis] is None else _known(x, size)
        for axis, size in enumerate(_filled(x, target, copied))
    ]
    return to_sizes(x, joined(parts), shape)


def reshaped_like(x: Value, other: Value) -> Value:
    """`x` in the shape of `other`."""
    if other.shape.count(None) <= 1:
        return to_shape(x, other.shape)
    return to_sizes(x, sizes_of(other), other.shape)


def to_shape(x: Value, shape: Shape) -> Value:
    """`x` in `shape`, of which one size may be what is left."""
    target = x.graph.numbers([-1 if size is None else size for size in shape])
    inputs = [x.graph.place(x), target]
    return x.graph.add("RESHAPE", inputs, shape, x.dtype, options="ReshapeOptions")


def to_sizes(x: Value, sizes: Value, shape: Shape) -> Value:
    """`x` in the shape that the int32 vector `sizes` has as the model runs."""
    inputs = [x.graph.place(x), x.graph.place(sizes)]
    return x.graph.add("RESHAPE", inputs, shape, x.dtype, options="ReshapeOptions")


def sizes_of(x: Value, dtype: str = "int32") -> Value:
    """The sizes of `x` as a vector, read as the model runs."""
    place = x.graph.place(x)
    number = type_number(dtype)
    return x.graph.add("SHAPE", [place], (x.rank,), dtype, options="ShapeOptions", outType=number)


def part_of(vector: Value, index: int) -> Value:
    """The element `index` of a vector, as a vector of one."""
    graph = vector.graph
    if vector.array is not None:
        return graph.constant(vector.array[[index]])
    inputs = [graph.place(vector), graph.numbers([index]), graph.numbers([1])]
    return graph.add("SLICE", inputs, (1,), vector.dtype, options="SliceOptions")


def joined(vectors: list[Value]) -> Value:
    """Vectors one after the other."""
    graph, arrays = vectors[0].graph, [vector.array for vector in vectors]
    known = [array for array in arrays if array is not None]
    if len(known) == len(vectors):
        return graph.constant(np.concatenate(known))
    total = sum(size or 0 for vector in vectors for size in vector.shape)
    places = [graph.place(vector) for vector in vectors]
    return graph.add(
        "CONCATENATION", places, (total,), vectors[0].dtype, options="ConcatenationOptions", axis=0
    )


def cast(x: Value, dtype: str) -> Value:
    """`x` in the type named `dtype`."""
    if x.dtype == dtype:
        return x
    if x.array is not None:
        return x.graph.constant(x.array.astype(dtype))
    numbers = {"inDataType": type_number(x.dtype), "outDataType": type_number(dtype)}
    return x.graph.add("CAST", [x.place], x.shape, dtype, x.axes, "CastOptions", **numbers)


def _known(x: Value, size: int) -> Value:
    return x.graph.constant(np.array([size], np.int32))


def _filled(x: Value, target: Ints, copied: list[int]) -> list[int]:
    return [(x.shape[axis] or 0) if axis in copied else size for axis, size in enumerate(target)]


def _outcome(x: Value, target: Ints, copied: list[int]) -> Shape:
    """The shape that `target` means; what is left is known when all else cancels out."""
    shape: list[int | None] = [
        x.shape[axis] if axis in copied else (None if size == -1 else size)
        for axis, size in enumerate(target)
    ]
    if -1 not in target:
        return tuple(shape)
    free = {axis for axis, size in enumerate(x.shape) if size is None}
    rest = [size for axis, size in enumerate(shape) if axis not in free or axis not in copied]
    others = math.prod(int(size) for size in rest if size is not None)
    if free <= set(copied) and others:
        whole = size_of(tuple(size for size in x.shape if size is not None)) or 0
        shape[target.index(-1)] = whole // others
    return tuple(shape)
