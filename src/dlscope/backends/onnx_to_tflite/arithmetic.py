"""Rules for operators of two or more tensors, comparisons and reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlscope.backends.onnx_graph.rules import binary, extreme, folded, mean, reduction
from dlscope.backends.onnx_to_tflite.axes import Axes, Shape, plain
from dlscope.backends.onnx_to_tflite.flatfile import type_number
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import Ints, TfliteRules
from dlscope.backends.onnx_to_tflite.resizing import cast

Binary = Callable[[Value, Value], Value]
_PLAIN_OPTIONS = {
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "DIV": "DivOptions",
}
_COMPARISONS = frozenset({"EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"})


def of_two(kind: str, a: Value, b: Value) -> Value:
    """What the TFLite operator `kind` makes of two tensors, broadcast as NumPy does."""
    shape = broadcast(a.shape, b.shape)
    axes = shared_axes((a, b), len(shape))
    places = [broadcast_place(value, axes) for value in (a, b)]
    dtype = "bool" if kind in _COMPARISONS else a.dtype
    return a.graph.add(kind, places, shape, dtype, axes, _PLAIN_OPTIONS.get(kind, ""))


def shared_axes(values: tuple[Value, ...], rank: int) -> Axes:
    """The order of axes in which `values` meet: that of the first that has one of its own."""
    computed = [value for value in values if value.array is None]
    if any(value.rank != rank for value in computed):
        return plain(rank)
    return next((value.axes for value in computed if not value.is_plain), plain(rank))


def broadcast_place(value: Value, axes: Axes) -> int:
    """The number of `value` as it is broadcast against tensors stored in the order `axes`."""
    if value.array is not None:
        ones = (1,) * (len(axes) - value.rank)
        array = value.array.reshape(ones + value.array.shape)
        return value.graph.weight(np.transpose(array, axes))
    if value.rank < len(axes):
        return value.graph.place(value)
    return value.graph.place(value, axes)


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape of both broadcast against each other; a free size stays free unless fixed."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second)]
    return tuple(_wider(*sizes) for sizes in zip(*padded, strict=True))


def _wider(first: int | None, second: int | None) -> int | None:
    if first == 1:
        return second
    if second == 1:
        return first
    return second if first is None else first


def two(kind: str) -> Binary:
    """`of_two` for one operator."""
    return lambda a, b: of_two(kind, a, b)


def with_number(kind: str, x: Value, number: float) -> Value:
    """What `kind` makes of `x` and one number in its type."""
    return of_two(kind, x, x.graph.constant(np.array(number, x.dtype)))


add, subtract, multiply, divide = two("ADD"), two("SUB"), two("MUL"), two("DIV")
maximum, minimum = two("MAXIMUM"), two("MINIMUM")


def power(a: Value, b: Value) -> Value:
    """Power a^b, in the type of `a`."""
    return of_two("POW", a, cast(b, a.dtype))


def squared(x: Value) -> Value:
    """x²."""
    return multiply(x, x)


def alone(kind: str, x: Value, options: str = "", **fields: Any) -> Value:
    """What the TFLite operator `kind` makes of each element of `x`."""
    place = x.graph.place(x, x.axes)
    return x.graph.add(kind, [place], x.shape, x.dtype, x.axes, options, **fields)


def reduce_over(x: Value, kind: str, axes: Ints | None, keep: bool, over_none: bool) -> Value:
    """The reduction `kind` over `axes`: where none is named over all, or none if `over_none`."""
    before, operator, after = _REDUCTIONS[kind]
    made = before(x)
    if not axes and over_none:
        return after(made)
    wanted = tuple(sorted(axis % x.rank for axis in axes or range(x.rank)))
    return after(_reduced(made, operator, wanted, keep))


def _reduced(x: Value, operator: str, axes: Ints, keep: bool) -> Value:
    order = x.axes if keep else plain(x.rank)
    places = x.graph.numbers(sorted(order.index(axis) for axis in axes))
    if keep:
        shape: Shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    else:
        shape = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
    made_order = order if keep else plain(len(shape))
    inputs = [x.graph.place(x, order), places]
    return x.graph.add(
        operator, inputs, shape, x.dtype, made_order, "ReducerOptions", keepDims=keep
    )


def _same(x: Value) -> Value:
    return x


def _root(x: Value) -> Value:
    return alone("SQRT", x)


def _absolute(x: Value) -> Value:
    return alone("ABS", x)


_REDUCTIONS: dict[str, tuple[Callable[[Value], Value], str, Callable[[Value], Value]]] = {
    "ReduceL1": (_absolute, "SUM", _same),
    "ReduceL2": (squared, "SUM", _root),
    "ReduceMax": (_same, "REDUCE_MAX", _same),
    "ReduceMean": (_same, "MEAN", _same),
    "ReduceMin": (_same, "REDUCE_MIN", _same),
    "ReduceProd": (_same, "REDUCE_PROD", _same),
    "ReduceSum": (_same, "SUM", _same),
    "ReduceSumSquare": (squared, "SUM", _same),
}
"""What is done before, the TFLite operator, and what is done after."""


def mean_over(x: Value, axes: Ints) -> Value:
    """The mean over `axes`, which become 1."""
    return _reduced(x, "MEAN", axes, True)


def _place_of(kind: str, options: str) -> Callable[[Value, int, bool], Value]:
    def place(x: Value, axis: int, keep: bool) -> Value:
        at = axis % x.rank
        shape = tuple(size for index, size in enumerate(x.shape) if index != at)
        inputs = [x.graph.place(x), x.graph.numbers([at])]
        number = type_number("int64")
        made = x.graph.add(kind, inputs, shape, "int64", options=options, outputType=number)
        if not keep:
            return made
        kept = tuple(1 if index == at else size for index, size in enumerate(x.shape))
        return x.graph.add(
            "EXPAND_DIMS", [made.place, x.graph.numbers([at])], kept, "int64",
            options="ExpandDimsOptions",
        )  # fmt: skip

    return place


def choose(condition: Value, a: Value, b: Value) -> Value:
    """`a` where the condition holds, else `b`, all three broadcast."""
    shape = broadcast(condition.shape, broadcast(a.shape, b.shape))
    axes = shared_axes((condition, a, b), len(shape))
    places = [broadcast_place(value, axes) for value in (condition, a, b)]
    return a.graph.add("SELECT_V2", places, shape, a.dtype, axes, "SelectV2Options")


def _over_count(total: Value, count: int) -> Value:
    return with_number("DIV", total, count)


ARITHMETIC: TfliteRules = {
    "Add": binary(add),
    "And": binary(two("LOGICAL_AND")),
    "ArgMax": extreme(_place_of("ARG_MAX", "ArgMaxOptions")),
    "ArgMin": extreme(_place_of("ARG_MIN", "ArgMinOptions")),
    "Div": binary(divide),
    "Equal": binary(two("EQUAL")),
    "Greater": binary(two("GREATER")),
    "GreaterOrEqual": binary(two("GREATER_EQUAL")),
    "Less": binary(two("LESS")),
    "LessOrEqual": binary(two("LESS_EQUAL")),
    "Max": folded(maximum),
    "Mean": mean(add, _over_count),
    "Min": folded(minimum),
    "Mul": binary(multiply),
    "Or": binary(two("LOGICAL_OR")),
    "Pow": binary(power),
    **{kind: reduction(reduce_over, kind) for kind in _REDUCTIONS},
    "Sub": binary(subtract),
    "Sum": folded(add),
    "Xor": binary(two("NOT_EQUAL")),
}
