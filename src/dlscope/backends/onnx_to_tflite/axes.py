"""Orders of axes: which axis of ONNX each axis of a tensor in the file is."""

from __future__ import annotations

from typing import TypeAlias

Shape: TypeAlias = tuple[int | None, ...]
"""Sizes in the order of ONNX; None is known only as the model runs."""

Axes: TypeAlias = tuple[int, ...]
"""Which axis of ONNX each axis of the file is: (0, 2, 3, 1) for channels last."""


def plain(rank: int) -> Axes:
    """The order of ONNX."""
    return tuple(range(rank))


def channels_last(rank: int) -> Axes:
    """The batch, then the image, then the channels."""
    return (0, *range(2, rank), 1)


def inverse(axes: Axes) -> Axes:
    """Where each axis of ONNX is in the file."""
    return tuple(axes.index(axis) for axis in range(len(axes)))


def stored(shape: Shape, axes: Axes) -> Shape:
    """`shape` in the order of the file."""
    return tuple(shape[axis] for axis in axes)


def size_of(shape: Shape) -> int | None:
    """The number of elements; None where a size is not known."""
    total = 1
    for size in shape:
        if size is None:
            return None
        total *= size
    return total
