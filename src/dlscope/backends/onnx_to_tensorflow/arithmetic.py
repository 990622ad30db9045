"""Rules for operators of two or more tensors, comparisons and reductions."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from dlscope.backends.onnx_graph.rules import binary, extreme, folded, mean, reduction
from dlscope.backends.onnx_to_tensorflow.node import Ints, Tensor, TensorFlowRules


def divide(a: Tensor, b: Tensor | int) -> Tensor:
    """Quotient a / b; whole numbers are cut towards zero, as ONNX does."""
    return tf.truncatediv(a, b) if a.dtype.is_integer else tf.divide(a, b)


def power(a: Tensor, b: Tensor) -> Tensor:
    """Power a^b, in the type of `a`."""
    if a.dtype.is_integer and not b.dtype.is_integer:
        return tf.cast(tf.pow(tf.cast(a, b.dtype), b), a.dtype)
    return tf.pow(a, tf.cast(b, a.dtype))


def reduce_over(x: Tensor, kind: str, axes: Ints | None, keep: bool, over_none: bool) -> Tensor:
    """The reduction `kind` over `axes`, in the type of `x`.

    Where none is named: over all of them, or over none at all if `over_none`.
    """
    wanted = axes or ()
    if not wanted and over_none:
        # ONNX still squares, or takes the absolute value of, the single element.
        return _REDUCTIONS[kind](x[None], (0,), False)
    return _REDUCTIONS[kind](x, wanted or tuple(range(x.shape.rank)), keep)


def largest(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    """Largest element over `axes`; of none, the smallest number there is."""
    reduce = tf.reduce_any if x.dtype == tf.bool else tf.reduce_max
    return reduce(x, axes, keep)


def smallest(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    """Smallest element over `axes`; of none, the largest number there is."""
    reduce = tf.reduce_all if x.dtype == tf.bool else tf.reduce_min
    return reduce(x, axes, keep)


def norm_2(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    """√Σx² over `axes`."""
    return tf.sqrt(sum_of_squares(x, axes, keep))


def norm_1(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    """Σ|x| over `axes`."""
    return tf.reduce_sum(tf.abs(x), axes, keep)


def sum_of_squares(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    """Σx² over `axes`."""
    return tf.reduce_sum(x * x, axes, keep)


def place_of_largest(x: Tensor, axis: int, keep: bool) -> Tensor:
    """Index of the first largest element along `axis`."""
    place = tf.argmax(x, axis)
    return tf.expand_dims(place, axis) if keep else place


def place_of_smallest(x: Tensor, axis: int, keep: bool) -> Tensor:
    """Index of the first smallest element along `axis`."""
    place = tf.argmin(x, axis)
    return tf.expand_dims(place, axis) if keep else place


_REDUCTIONS: dict[str, Callable[[Tensor, Ints, bool], Tensor]] = {
    "ReduceL1": norm_1,
    "ReduceL2": norm_2,
    "ReduceMax": largest,
    "ReduceMean": tf.reduce_mean,
    "ReduceMin": smallest,
    "ReduceProd": tf.reduce_prod,
    "ReduceSum": tf.reduce_sum,
    "ReduceSumSquare": sum_of_squares,
}

ARITHMETIC: TensorFlowRules = {
    "Add": binary(tf.add),
    "And": binary(tf.logical_and),
    "ArgMax": extreme(place_of_largest),
    "ArgMin": extreme(place_of_smallest),
    "Div": binary(divide),
    "Equal": binary(tf.equal),
    "Greater": binary(tf.greater),
    "GreaterOrEqual": binary(tf.greater_equal),
    "Less": binary(tf.less),
    "LessOrEqual": binary(tf.less_equal),
    "Max": folded(tf.maximum),
    "Mean": mean(tf.add, divide),
    "Min": folded(tf.minimum),
    "Mul": binary(tf.multiply),
    "Or": binary(tf.logical_or),
    "Pow": binary(power),
    **{kind: reduction(reduce_over, kind) for kind in _REDUCTIONS},
    "Sub": binary(tf.subtract),
    "Sum": folded(tf.add),
    "Xor": binary(tf.math.logical_xor),
}
