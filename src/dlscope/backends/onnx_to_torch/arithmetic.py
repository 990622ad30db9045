"""Rules for operators of two or more tensors, comparisons and reductions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from dlscope.backends.onnx_graph.rules import binary, extreme, folded, mean, reduction
from dlscope.backends.onnx_to_torch.node import Ints, TorchRules, ints_of


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

ARITHMETIC: TorchRules = {
    "Add": binary(torch.add),
    "And": binary(torch.logical_and),
    "ArgMax": extreme(torch.argmax),
    "ArgMin": extreme(torch.argmin),
    "Div": binary(divide),
    "Equal": binary(torch.eq),
    "Greater": binary(torch.gt),
    "GreaterOrEqual": binary(torch.ge),
    "Less": binary(torch.lt),
    "LessOrEqual": binary(torch.le),
    "Max": folded(torch.maximum),
    "Mean": mean(torch.add, torch.div),
    "Min": folded(torch.minimum),
    "Mul": binary(torch.mul),
    "Or": binary(torch.logical_or),
    "Pow": binary(power),
    **{kind: reduction(reduce_over, kind) for kind in _REDUCTIONS},
    "Sub": binary(torch.sub),
    "Sum": folded(torch.add),
    "Xor": binary(torch.logical_xor),
}
