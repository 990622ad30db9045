"""Rules for operators of two or more tensors, comparisons and reductions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.node import Ints, OnnxNode, Rule, Rules, ints_of


def _binary(function: Callable[..., Any]) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        return node.call(function, node.tensor(0), node.tensor(1))

    return rule


def _folded(function: Callable[..., Any]) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        first, *others = node.tensors()
        return functools.reduce(lambda total, term: node.call(function, total, term), others, first)

    return rule


def _mean(node: OnnxNode) -> fx.Node:
    total = _folded(torch.add)(node)
    assert isinstance(total, fx.Node)
    return node.call(torch.div, total, len(node))


def _reduction(kind: str) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        keep = bool(node.attribute("keepdims", 1))
        over_none = bool(node.attribute("noop_with_empty_axes", 0))
        axes = node.ints(1, "axes")
        return node.call(reduce_over, node.tensor(0), kind, axes, keep, over_none)

    return rule


def _extreme(function: Callable[..., Tensor]) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        if node.attribute("select_last_index", 0):
            raise node.refusal("select_last_index")
        axis, keep = node.attribute("axis", 0), bool(node.attribute("keepdims", 1))
        return node.call(function, node.tensor(0), dim=axis, keepdim=keep)

    return rule


def divide(a: Tensor, b: Tensor) -> Tensor:
    """Quotient a / b; whole numbers are cut towards zero, as ONNX does."""
    return torch.div(a, b, rounding_mode=None if a.is_floating_point() else "trunc")


def power(a: Tensor, b: Tensor) -> Tensor:
    """Power a^b, in the type of `a`."""
    return torch.pow(a, b).to(a.dtype)


def reduce_over(
    x: Tensor,
    kind: str,
    axes: Ints | None,
    keep: bool,
    over_none: bool,
) -> Tensor:
    """The reduction `kind` over `axes`.

    Where none is named: over all of them, or over none at all if `over_none`.
    """
    wanted = ints_of(axes) if axes is not None else ()
    if not wanted and over_none:
        # ONNX still squares, or takes the absolute value of, the single element.
        return _REDUCTIONS[kind](x.unsqueeze(0), (0,), False)
    return _REDUCTIONS[kind](x, wanted or tuple(range(x.ndim)), keep)


def product(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    """Product over `axes`, one after another."""
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = torch.prod(x, axis, keep)
    return x


def norm_2(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    """√Σx² over `axes`."""
    return torch.sqrt(torch.sum(x * x, axes, keep))


def norm_1(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    """Σ|x| over `axes`."""
    return torch.sum(torch.abs(x), axes, keep)


def sum_of_squares(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    """Σx² over `axes`."""
    return torch.sum(x * x, axes, keep)


def sum_over(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    """Σx over `axes`, in the type of `x` (PyTorch widens whole numbers)."""
    return torch.sum(x, axes, keep, dtype=x.dtype)


# Generated code can name a function of a module, not hold one as an argument.
_REDUCTIONS: dict[str, Callable[..., Tensor]] = {
    "ReduceL1": norm_1,
    "ReduceL2": norm_2,
    "ReduceMax": torch.amax,
    "ReduceMean": torch.mean,
    "ReduceMin": torch.amin,
    "ReduceProd": product,
    "ReduceSum": sum_over,
    "ReduceSumSquare": sum_of_squares,
}

ARITHMETIC: Rules = {
    "Add": _binary(torch.add),
    "And": _binary(torch.logical_and),
    "ArgMax": _extreme(torch.argmax),
    "ArgMin": _extreme(torch.argmin),
    "Div": _binary(divide),
    "Equal": _binary(torch.eq),
    "Greater": _binary(torch.gt),
    "GreaterOrEqual": _binary(torch.ge),
    "Less": _binary(torch.lt),
    "LessOrEqual": _binary(torch.le),
    "Max": _folded(torch.maximum),
    "Mean": _mean,
    "Min": _folded(torch.minimum),
    "Mul": _binary(torch.mul),
    "Or": _binary(torch.logical_or),
    "Pow": _binary(power),
    **{kind: _reduction(kind) for kind in _REDUCTIONS},
    "Sub": _binary(torch.sub),
    "Sum": _folded(torch.add),
    "Xor": _binary(torch.logical_xor),
}
