"""Rules for everything that moves, cuts, joins or makes elements without computing."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from onnx import numpy_helper
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.node import Ints, OnnxNode, Rules, ints_of, torch_dtype_name
from dlscope.backends.onnx_to_torch.window import innermost_first

_PAD_MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def _cast(node: OnnxNode) -> fx.Node:
    name = torch_dtype_name(node.attribute("to"))
    return node.call(Tensor.to, node.tensor(0), getattr(torch, name))


def _cast_like(node: OnnxNode) -> fx.Node:
    return node.call(Tensor.type_as, node.tensor(0), node.tensor(1))


def _concat(node: OnnxNode) -> fx.Node:
    return node.call(torch.cat, node.tensors(), node.attribute("axis"))


def _constant_of_shape(node: OnnxNode) -> fx.Node:
    given = node.attribute("value")
    value = numpy_helper.to_array(given) if given is not None else np.zeros(1, np.float32)
    dtype = getattr(torch, value.dtype.name)
    return node.call(filled, node.ints(0), value.item(), dtype)


def filled(shape: Ints, value: float, dtype: torch.dtype) -> Tensor:
    """A tensor of one value."""
    return torch.full(ints_of(shape), value, dtype=dtype)


def _expand(node: OnnxNode) -> fx.Node:
    return node.call(expand, node.tensor(0), node.ints(1))


def expand(x: Tensor, shape: Ints) -> Tensor:
    """`x` broadcast against `shape`, which may itself have ones where `x` has more."""
    return x.expand(torch.broadcast_shapes(x.shape, ints_of(shape)))


def _flatten(node: OnnxNode) -> fx.Node:
    return node.call(flatten, node.tensor(0), node.attribute("axis", 1))


def flatten(x: Tensor, axis: int) -> Tensor:
    """A matrix: axes before `axis` as rows, the others as columns."""
    rows = 1
    for size in x.shape[:axis] if axis >= 0 else x.shape[: x.ndim + axis]:
        rows *= size
    return x.reshape(rows, -1)


def _gather(node: OnnxNode) -> fx.Node:
    axis, known = node.attribute("axis", 0), node.constant(1)
    if known is not None and known.ndim == 0:
        return node.call(torch.select, node.tensor(0), axis, known.item())
    return node.call(gather, node.tensor(0), node.tensor(1), axis)


def gather(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Slices of `x` along `axis`; negative indices count from the end."""
    key = (slice(None),) * (axis % x.ndim)
    return x[(*key, indices.long())]


def _pad(node: OnnxNode) -> fx.Node:
    mode = node.attribute("mode", "constant")
    if mode not in _PAD_MODES:
        raise node.refusal(f"mode {mode!r}")
    value = node.number(2, "value")
    arguments = (
        node.ints(1, "pads"),
        node.ints(3),
        _PAD_MODES[mode],
        0.0 if value is None else value,
    )
    return node.call(pad, node.tensor(0), *arguments)


def pad(x: Tensor, pads: Ints, axes: Ints | None, mode: str, value: Any) -> Tensor:
    """`x` with `pads` (all begins, then all ends) on `axes`, on all of them when None."""
    numbers = ints_of(pads)
    chosen = ints_of(axes) if axes is not None else tuple(range(x.ndim))
    begins, ends = [0] * x.ndim, [0] * x.ndim
    for place, axis in enumerate(chosen):
        begins[axis], ends[axis] = numbers[place], numbers[place + len(chosen)]
    flat = innermost_first(tuple(begins), tuple(ends))
    if mode == "constant":
        return F.pad(x, flat, mode, float(value))
    # These modes exist for all axes but the first one or two; PyTorch refuses pads on those.
    outermost = max((i // 2 + 1 for i, size in enumerate(flat) if size), default=1)
    return F.pad(x, flat[: 2 * max(outermost, x.ndim - 2)], mode)


def _range(node: OnnxNode) -> fx.Node:
    return node.call(number_range, *(node.tensor(index) for index in range(3)))


def number_range(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    """Numbers from `start` to before `end`."""
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def _reshape(node: OnnxNode) -> fx.Node:
    shape, keeps_zeros = node.ints(1, "shape"), bool(node.attribute("allowzero", 0))
    if isinstance(shape, tuple) and (keeps_zeros or 0 not in shape):
        return node.call(torch.reshape, node.tensor(0), shape)
    return node.call(reshape, node.tensor(0), shape, keeps_zeros)


def reshape(x: Tensor, shape: Ints, keeps_zeros: bool) -> Tensor:
    """`x` in `shape`, where −1 is what is left and 0, unless kept, the size `x` has there."""
    sizes = ints_of(shape)
    if not keeps_zeros:
        sizes = tuple(size or x.shape[axis] for axis, size in enumerate(sizes))
    return x.reshape(sizes)


def _shape(node: OnnxNode) -> fx.Node:
    return node.call(shape_of, node.tensor(0), node.attribute("start", 0), node.attribute("end"))


def shape_of(x: Tensor, start: int, end: int | None) -> Tensor:
    """The sizes of the axes from `start` to before `end`."""
    return torch.tensor(x.shape[start:end], dtype=torch.int64)


def _size(node: OnnxNode) -> fx.Node:
    return node.call(size_of, node.tensor(0))


def size_of(x: Tensor) -> Tensor:
    """The number of elements."""
    return torch.tensor(x.numel(), dtype=torch.int64)


def _slice(node: OnnxNode) -> fx.Node:
    starts, ends = node.ints(1, "starts"), node.ints(2, "ends")
    return node.call(cut, node.tensor(0), starts, ends, node.ints(3, "axes"), node.ints(4))


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


def _split(node: OnnxNode) -> tuple[fx.Node, ...]:
    count, axis = len(node.outputs), node.attribute("axis", 0)
    pieces = node.call(split, node.tensor(0), node.ints(1, "split"), count, axis)
    return tuple(node.call(operator.getitem, pieces, index) for index in range(count))


def split(x: Tensor, sizes: Ints | None, count: int, axis: int) -> tuple[Tensor, ...]:
    """`x` in pieces of `sizes`, or in `count` equal ones of which the last may be smaller."""
    share = ints_of(sizes) if sizes is not None else -(-x.shape[axis] // count)
    return tuple(torch.split(x, share, axis))


def _squeeze(node: OnnxNode) -> fx.Node:
    axes = node.ints(1, "axes")
    return (
        node.call(torch.squeeze, node.tensor(0))
        if axes is None
        else node.call(squeeze, node.tensor(0), axes)
    )


def squeeze(x: Tensor, axes: Ints) -> Tensor:
    """`x` without `axes`, all of size 1."""
    return x.squeeze(ints_of(axes))


def _tile(node: OnnxNode) -> fx.Node:
    return node.call(tile, node.tensor(0), node.ints(1))


def tile(x: Tensor, repeats: Ints) -> Tensor:
    """`x` repeated along every axis."""
    return x.repeat(ints_of(repeats))


def _transpose(node: OnnxNode) -> fx.Node:
    order = node.attribute("perm")
    if order is None:
        return node.call(reversed_axes, node.tensor(0))
    return node.call(torch.permute, node.tensor(0), order)


def reversed_axes(x: Tensor) -> Tensor:
    """`x` with its axes in reverse order."""
    return x.permute(tuple(reversed(range(x.ndim))))


def _unsqueeze(node: OnnxNode) -> fx.Node:
    return node.call(unsqueeze, node.tensor(0), node.ints(1, "axes"))


def unsqueeze(x: Tensor, axes: Ints) -> Tensor:
    """`x` with new axes of size 1; `axes` are counted in the result."""
    places = ints_of(axes)
    rank = x.ndim + len(places)
    for axis in sorted(place % rank for place in places):
        x = x.unsqueeze(axis)
    return x


def _where(node: OnnxNode) -> fx.Node:
    return node.call(torch.where, *node.tensors())


SHAPES: Rules = {
    "Cast": _cast,
    "CastLike": _cast_like,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
