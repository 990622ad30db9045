"""Rules for operators that move, cut, join or make elements: read here, done by a framework.

Each maker takes the function that does it and returns the rule that calls it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import numpy_helper

from dlscope.backends.onnx_graph.node import OnnxNode, Rule, dtype_name

Function = Callable[..., Any]
PAD_MODES = ("constant", "edge", "reflect", "wrap")


def cast(function: Function) -> Rule[Any]:
    """function(x, name of the NumPy type)."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, node.tensor(0), dtype_name(node.attribute("to")))

    return rule


def concat(function: Function) -> Rule[Any]:
    """function(tensors, axis)."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, node.tensors(), node.attribute("axis"))

    return rule


def constant_of_shape(function: Function) -> Rule[Any]:
    """function(shape, value, name of the NumPy type)."""

    def rule(node: OnnxNode[Any]) -> Any:
        given = node.attribute("value")
        value = numpy_helper.to_array(given) if given is not None else np.zeros(1, np.float32)
        return node.call(function, node.ints(0), value.item(), value.dtype.name)

    return rule


def gather(function: Function, one: Function) -> Rule[Any]:
    """function(x, indices, axis), or one(x, axis, index) where the index is one known number."""

    def rule(node: OnnxNode[Any]) -> Any:
        axis, known = node.attribute("axis", 0), node.constant(1)
        if known is not None and known.ndim == 0:
            return node.call(one, node.tensor(0), axis, known.item())
        return node.call(function, node.tensor(0), node.tensor(1), axis)

    return rule


def pad(function: Function) -> Rule[Any]:
    """function(x, pads, axes, mode, value): all begins, then all ends; axes None for all."""

    def rule(node: OnnxNode[Any]) -> Any:
        mode = node.attribute("mode", "constant")
        if mode not in PAD_MODES:
            raise node.refusal(f"mode {mode!r}")
        value = node.number(2, "value")
        filling = 0.0 if value is None else value
        return node.call(
            function, node.tensor(0), node.ints(1, "pads"), node.ints(3), mode, filling
        )

    return rule


def reshape(function: Function) -> Rule[Any]:
    """function(x, shape, keeps_zeros): −1 is what is left, 0 the size x has, unless kept."""

    def rule(node: OnnxNode[Any]) -> Any:
        keeps_zeros = bool(node.attribute("allowzero", 0))
        return node.call(function, node.tensor(0), node.ints(1, "shape"), keeps_zeros)

    return rule


def shape(function: Function) -> Rule[Any]:
    """function(x, start, end): the sizes of those axes."""

    def rule(node: OnnxNode[Any]) -> Any:
        bounds = node.attribute("start", 0), node.attribute("end")
        return node.call(function, node.tensor(0), *bounds)

    return rule


def cut(function: Function) -> Rule[Any]:
    """function(x, starts, ends, axes, steps); axes and steps may be None."""

    def rule(node: OnnxNode[Any]) -> Any:
        starts, ends = node.ints(1, "starts"), node.ints(2, "ends")
        return node.call(function, node.tensor(0), starts, ends, node.ints(3, "axes"), node.ints(4))

    return rule


def split(function: Function) -> Rule[Any]:
    """function(x, sizes, count, axis) gives `count` pieces, equal where sizes is None."""

    def rule(node: OnnxNode[Any]) -> tuple[Any, ...]:
        count, axis = len(node.outputs), node.attribute("axis", 0)
        pieces = node.call(function, node.tensor(0), node.ints(1, "split"), count, axis)
        return tuple(node.call(operator.getitem, pieces, index) for index in range(count))

    return rule


def transpose(function: Function, reverse: Function) -> Rule[Any]:
    """function(x, order), or reverse(x) where no order is named."""

    def rule(node: OnnxNode[Any]) -> Any:
        order = node.attribute("perm")
        if order is None:
            return node.call(reverse, node.tensor(0))
        return node.call(function, node.tensor(0), order)

    return rule


def over_axes(function: Function) -> Rule[Any]:
    """function(x, axes), from an input or an attribute; None where they are left out."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, node.tensor(0), node.ints(1, "axes"))

    return rule


def to_shape(function: Function) -> Rule[Any]:
    """function(x, numbers), where the second input has a number for each axis."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, node.tensor(0), node.ints(1))

    return rule


def of_all(function: Function) -> Rule[Any]:
    """Function of all inputs at once."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, *node.tensors())

    return rule


def places(axes: tuple[int, ...], rank: int) -> list[int]:
    """`axes` counted from the front of `rank` axes, in ascending order."""
    return sorted(axis % rank for axis in axes)


def full_pads(
    numbers: tuple[int, ...], axes: tuple[int, ...] | None, rank: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Begin and end pads of all `rank` axes, 0 for those not in `axes`."""
    chosen = axes if axes is not None else tuple(range(rank))
    begins, ends = [0] * rank, [0] * rank
    for place, axis in enumerate(chosen):
        begins[axis], ends[axis] = numbers[place], numbers[place + len(chosen)]
    return tuple(begins), tuple(ends)
