"""Rules for everything that moves, cuts, joins or makes elements without computing."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor

from dlscope.backends.onnx_graph import movement
from dlscope.backends.onnx_graph.movement import full_pads, places
from dlscope.backends.onnx_graph.rules import binary, unary
from dlscope.backends.onnx_to_torch.node import Ints, TorchRules, ints_of
from dlscope.backends.onnx_to_torch.padding import innermost_first

_PAD_MODES = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def cast(x: Tensor, dtype: str) -> Tensor:
    """`x` in the type named `dtype`."""
    return x.to(getattr(torch, dtype))


def filled(shape: Ints, value: float, dtype: str) -> Tensor:
    """A tensor of one value."""
    return torch.full(ints_of(shape), value, dtype=getattr(torch, dtype))


def expand(x: Tensor, shape: Ints) -> Tensor:
    """`x` broadcast against `shape`, which may itself have ones where `x` has more."""
    return x.expand(torch.broadcast_shapes(x.shape, ints_of(shape)))


def flatten(x: Tensor, axis: int) -> Tensor:
    """A matrix: axes before `axis` as rows, the others as columns."""
    rows = 1
    for size in x.shape[:axis] if axis >= 0 else x.shape[: x.ndim + axis]:
        rows *= size
    return x.reshape(rows, -1)


def gather(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Slices of `x` along `axis`; negative indices count from the end."""
    key = (slice(None),) * (axis % x.ndim)
    return x[(*key, indices.long())]


def pad(x: Tensor, pads: Ints, axes: Ints | None, mode: str, value: Any) -> Tensor:
    """`x` with `pads` (all begins, then all ends) on `axes`, on all of them when None."""
    chosen = ints_of(axes) if axes is not None else None
    flat = innermost_first(*full_pads(ints_of(pads), chosen, x.ndim))
    if mode == "constant":
        return F.pad(x, flat, mode, float(value))
    # These modes exist for all axes but the first one or two; PyTorch refuses pads on those.
    outermost = max((i // 2 + 1 for i, size in enumerate(flat) if size), default=1)
    return F.pad(x, flat[: 2 * max(outermost, x.ndim - 2)], _PAD_MODES[mode])


def number_range(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    """Numbers from `start` to before `end`."""
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def reshape(x: Tensor, shape: Ints, keeps_zeros: bool) -> Tensor:
    """`x` in `shape`, where −1 is what is left and 0, unless kept, the size `x` has there."""
    sizes = ints_of(shape)
    if not keeps_zeros:
        sizes = tuple(size or x.shape[axis] for axis, size in enumerate(sizes))
    return x.reshape(sizes)


def shape_of(x: Tensor, start: int, end: int | None) -> Tensor:
    """The sizes of the axes from `start` to before `end`."""
    return torch.tensor(x.shape[start:end], dtype=torch.int64)


def size_of(x: Tensor) -> Tensor:
    """The number of elements."""
    return torch.tensor(x.numel(), dtype=torch.int64)


def cut(x: Tensor, starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> Tensor:
    """`x` sliced along `axes`; bounds beyond the ends are cut off, steps may go backward."""
    begins, stops = ints_of(starts), ints_of(ends)
    chosen = ints_of(axes) if axes is not None else tuple(range(len(begins)))
    strides = ints_of(steps) if steps is not None else (1,) * len(begins)
    for axis, begin, stop, stride in zip(chosen, begins, stops, strides, strict=True):
        positions = range(*slice(begin, stop, stride).indices(x.shape[axis]))
        if stride == 1:
            x = x.narrow(axis, positions.start if positions else 0, len(positions))
        else:
            x = x.index_select(axis, torch.tensor(positions, dtype=torch.int64))
    return x


def split(x: Tensor, sizes: Ints | None, count: int, axis: int) -> tuple[Tensor, ...]:
    """`x` in pieces of `sizes`, or in `count` equal ones of which the last may be smaller."""
    share = ints_of(sizes) if sizes is not None else -(-x.shape[axis] // count)
    return tuple(torch.split(x, share, axis))


def squeeze(x: Tensor, axes: Ints | None) -> Tensor:
    """`x` without `axes`, all of size 1; without every axis of size 1 where None."""
    return x.squeeze() if axes is None else x.squeeze(ints_of(axes))


def tile(x: Tensor, repeats: Ints) -> Tensor:
    """`x` repeated along every axis."""
    return x.repeat(ints_of(repeats))


def reversed_axes(x: Tensor) -> Tensor:
    """`x` with its axes in reverse order."""
    return x.permute(tuple(reversed(range(x.ndim))))


def unsqueeze(x: Tensor, axes: Ints) -> Tensor:
    """`x` with new axes of size 1; `axes` are counted in the result."""
    wanted = ints_of(axes)
    for axis in places(wanted, x.ndim + len(wanted)):
        x = x.unsqueeze(axis)
    return x


SHAPES: TorchRules = {
    "Cast": movement.cast(cast),
    "CastLike": binary(Tensor.type_as),
    "Concat": movement.concat(torch.cat),
    "ConstantOfShape": movement.constant_of_shape(filled),
    "Expand": movement.to_shape(expand),
    "Flatten": unary(flatten, axis=1),
    "Gather": movement.gather(gather, torch.select),
    "Pad": movement.pad(pad),
    "Range": movement.of_all(number_range),
    "Reshape": movement.reshape(reshape),
    "Shape": movement.shape(shape_of),
    "Size": unary(size_of),
    "Slice": movement.cut(cut),
    "Split": movement.split(split),
    "Squeeze": movement.over_axes(squeeze),
    "Tile": movement.to_shape(tile),
    "Transpose": movement.transpose(torch.permute, reversed_axes),
    "Unsqueeze": movement.over_axes(unsqueeze),
    "Where": movement.of_all(torch.where),
}
