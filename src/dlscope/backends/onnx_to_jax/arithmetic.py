"""Rules for operators of two or more tensors, comparisons and reductions."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax

from dlscope.backends.onnx_graph.rules import binary, extreme, folded, mean, reduction
from dlscope.backends.onnx_to_jax.node import Array, Ints, JaxRules


def divide(a: Array, b: Array) -> Array:
    """Quotient a / b; whole numbers are cut towards zero, as ONNX does."""
    if jnp.issubdtype(a.dtype, jnp.integer):
        return lax.div(*jnp.broadcast_arrays(a, b))
    return jnp.divide(a, b)


def power(a: Array, b: Array) -> Array:
    """Power a^b, in the type of `a`."""
    return jnp.power(a, b).astype(a.dtype)


def reduce_over(x: Array, kind: str, axes: Ints | None, keep: bool, over_none: bool) -> Array:
    """The reduction `kind` over `axes`, in the type of `x`.

    Where none is named: over all of them, or over none at all if `over_none`.
    """
    wanted = axes or ()
    if not wanted and over_none:
        # ONNX still squares, or takes the absolute value of, the single element.
        return _REDUCTIONS[kind](x[None], (0,), False).astype(x.dtype)
    return _REDUCTIONS[kind](x, wanted or tuple(range(x.ndim)), keep).astype(x.dtype)


def largest(x: Array, axes: Ints, keep: bool) -> Array:
    """Largest element over `axes`; of none, the smallest number there is."""
    return jnp.max(x, axes, keepdims=keep, initial=_bounds(x)[0])


def smallest(x: Array, axes: Ints, keep: bool) -> Array:
    """Smallest element over `axes`; of none, the largest number there is."""
    return jnp.min(x, axes, keepdims=keep, initial=_bounds(x)[1])


def _bounds(x: Array) -> tuple[float, float]:
    if jnp.issubdtype(x.dtype, jnp.floating):
        return float("-inf"), float("inf")
    if x.dtype == bool:
        return False, True
    limits = jnp.iinfo(x.dtype)
    return int(limits.min), int(limits.max)


def product(x: Array, axes: Ints, keep: bool) -> Array:
    """Product over `axes`."""
    return jnp.prod(x, axes, keepdims=keep)


def mean_over(x: Array, axes: Ints, keep: bool) -> Array:
    """Mean over `axes`."""
    return jnp.mean(x, axes, keepdims=keep)


def norm_2(x: Array, axes: Ints, keep: bool) -> Array:
    """√Σx² over `axes`."""
    return jnp.sqrt(sum_of_squares(x, axes, keep))


def norm_1(x: Array, axes: Ints, keep: bool) -> Array:
    """Σ|x| over `axes`."""
    return sum_over(jnp.abs(x), axes, keep)


def sum_of_squares(x: Array, axes: Ints, keep: bool) -> Array:
    """Σx² over `axes`."""
    return sum_over(x * x, axes, keep)


def sum_over(x: Array, axes: Ints, keep: bool) -> Array:
    """Σx over `axes`."""
    return jnp.sum(x, axes, keepdims=keep)


def place_of_largest(x: Array, axis: int, keep: bool) -> Array:
    """Index of the first largest element along `axis`."""
    return jnp.argmax(x, axis, keepdims=keep)


def place_of_smallest(x: Array, axis: int, keep: bool) -> Array:
    """Index of the first smallest element along `axis`."""
    return jnp.argmin(x, axis, keepdims=keep)


_REDUCTIONS: dict[str, Callable[[Array, Ints, bool], Array]] = {
    "ReduceL1": norm_1,
    "ReduceL2": norm_2,
    "ReduceMax": largest,
    "ReduceMean": mean_over,
    "ReduceMin": smallest,
    "ReduceProd": product,
    "ReduceSum": sum_over,
    "ReduceSumSquare": sum_of_squares,
}

ARITHMETIC: JaxRules = {
    "Add": binary(jnp.add),
    "And": binary(jnp.logical_and),
    "ArgMax": extreme(place_of_largest),
    "ArgMin": extreme(place_of_smallest),
    "Div": binary(divide),
    "Equal": binary(jnp.equal),
    "Greater": binary(jnp.greater),
    "GreaterOrEqual": binary(jnp.greater_equal),
    "Less": binary(jnp.less),
    "LessOrEqual": binary(jnp.less_equal),
    "Max": folded(jnp.maximum),
    "Mean": mean(jnp.add, jnp.divide),
    "Min": folded(jnp.minimum),
    "Mul": binary(jnp.multiply),
    "Or": binary(jnp.logical_or),
    "Pow": binary(power),
    **{kind: reduction(reduce_over, kind) for kind in _REDUCTIONS},
    "Sub": binary(jnp.subtract),
    "Sum": folded(jnp.add),
    "Xor": binary(jnp.logical_xor),
}
