"""Rules for functions of one element, and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlscope.backends.onnx_graph.rules import clip, dropout, identity, softmax, unary
from dlscope.backends.onnx_to_tflite.arithmetic import (
    add,
    alone,
    divide,
    maximum,
    minimum,
    multiply,
    of_two,
    subtract,
    with_number,
)
from dlscope.backends.onnx_to_tflite.graph import Value
from dlscope.backends.onnx_to_tflite.node import TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.resizing import reshaped, reshaped_like, sizes_of

_BETWEEN = {
    (0.0, 6.0): "RELU6",
    (0.0, None): "RELU",
    (0.0, 1.0): "RELU_0_TO_1",
    (-1.0, 1.0): "RELU_N1_TO_1",
}
# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: |error| ≤ 1.5e-7.
_ERF_P = 0.3275911
_ERF_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def each(kind: str, options: str = "", **fields: Any) -> Callable[[Value], Value]:
    """The TFLite operator `kind`, element by element."""
    return lambda x: alone(kind, x, options, **fields)


def clamp(x: Value, low: Any, high: Any) -> Value:
    """`x` held between two bounds, numbers or tensors; the upper one wins."""
    if x.dtype == "float32" and (low, high) in _BETWEEN:
        return alone(_BETWEEN[low, high], x)
    made = x
    if low is not None:
        made = maximum(made, _value(x, low))
    if high is not None:
        made = minimum(made, _value(x, high))
    return made


def _value(x: Value, bound: Any) -> Value:
    return bound if isinstance(bound, Value) else x.graph.constant(np.array(bound, x.dtype))


def elu(x: Value, alpha: float) -> Value:
    """`x` where positive, else alpha · (eˣ − 1)."""
    if alpha == 1:
        return alone("ELU", x)
    below = with_number("MUL", alone("ELU", with_number("MINIMUM", x, 0)), alpha)
    return add(alone("RELU", x), below)


def erf(x: Value) -> Value:
    """The error function, to 1.5e-7: TFLite has no operator for it.

    erf(x) = sign(x) · (1 − (a₁t + a₂t² + … + a₅t⁵) · e^(−x²)), t = 1/(1 + p|x|)
    """
    size = alone("ABS", x)
    t = reciprocal(with_number("ADD", with_number("MUL", size, _ERF_P), 1))
    series = with_number("MUL", t, _ERF_A[-1])
    for factor in reversed(_ERF_A[:-1]):
        series = multiply(with_number("ADD", series, factor), t)
    falling = alone("EXP", alone("NEG", multiply(x, x)))
    rest = multiply(series, falling)
    return multiply(alone("SIGN", x), subtract(x.graph.constant(np.array(1, x.dtype)), rest))


def gelu(x: Value, approximate: str) -> Value:
    """The product x · Φ(x), by `approximate` "none" or "tanh"."""
    return alone("GELU", x, "GeluOptions", approximate=approximate == "tanh")


def hard_sigmoid(x: Value, alpha: float, beta: float) -> Value:
    """max(0, min(1, alpha · x + beta))."""
    return clamp(with_number("ADD", with_number("MUL", x, alpha), beta), 0.0, 1.0)


def is_nan(x: Value) -> Value:
    """Whether `x` differs from itself."""
    return of_two("NOT_EQUAL", x, x)


def leaky_relu(x: Value, alpha: float) -> Value:
    """`x` where positive, else alpha · x."""
    return alone("LEAKY_RELU", x, "LeakyReluOptions", alpha=alpha)


def mish(x: Value) -> Value:
    """The product x · tanh(log(1 + eˣ))."""
    return multiply(x, alone("TANH", softplus(x)))


def _prelu(node: TfliteNode) -> Value:
    x, slope = node.operand(0), node.operand(1)
    below = multiply(slope, with_number("MINIMUM", x, 0))
    return add(alone("RELU", x), below)


def reciprocal(x: Value) -> Value:
    """1/x."""
    return divide(x.graph.constant(np.array(1, x.dtype)), x)


def softplus(x: Value) -> Value:
    """log(1 + eˣ), as max(x, 0) + log(1 + e^(−|x|)), which never overflows."""
    falling = alone("EXP", alone("NEG", alone("ABS", x)))
    return add(alone("RELU", x), alone("LOG", with_number("ADD", falling, 1)))


def ones_mask(x: Value) -> Value:
    """Dropout's mask when nothing is dropped."""
    graph = x.graph
    inputs = [graph.place(sizes_of(x)), graph.weight(np.array(True))]
    return graph.add("FILL", inputs, x.shape, "bool", options="FillOptions")


def _by_axis(kind: str, options: str, **fields: Any) -> Callable[[Value, int], Value]:
    def by_axis(x: Value, axis: int) -> Value:
        at = axis % x.rank
        others = [index for index in x.axes if index != at]
        return alone(kind, x.graph.ordered(x, (*others, at)), options, **fields)

    return by_axis


def _by_tail(by_axis: Callable[[Value, int], Value]) -> Callable[[Value, int], Value]:
    def by_tail(x: Value, axis: int) -> Value:
        at = axis % x.rank
        if at == x.rank - 1:
            return by_axis(x, at)
        rows = reshaped(x, (*(0,) * at, -1))
        return reshaped_like(by_axis(rows, at), x)

    return by_tail


_SOFTMAX = _by_axis("SOFTMAX", "SoftmaxOptions", beta=1.0)
_LOG_SOFTMAX = _by_axis("LOG_SOFTMAX", "LogSoftmaxOptions")

ACTIVATIONS: TfliteRules = {
    "Abs": unary(each("ABS")),
    "Ceil": unary(each("CEIL")),
    "Clip": clip(clamp),
    "Cos": unary(each("COS")),
    "Dropout": dropout(ones_mask),
    "Elu": unary(elu, alpha=1.0),
    "Erf": unary(erf),
    "Exp": unary(each("EXP")),
    "Floor": unary(each("FLOOR")),
    "Gelu": unary(gelu, approximate="none"),
    "HardSigmoid": unary(hard_sigmoid, alpha=0.2, beta=0.5),
    "HardSwish": unary(each("HARD_SWISH")),
    "Identity": unary(identity),
    "IsNaN": unary(is_nan),
    "LeakyRelu": unary(leaky_relu, alpha=0.01),
    "Log": unary(each("LOG")),
    "LogSoftmax": softmax(_LOG_SOFTMAX, _by_tail(_LOG_SOFTMAX)),
    "Mish": unary(mish),
    "Neg": unary(each("NEG")),
    "Not": unary(each("LOGICAL_NOT")),
    "PRelu": _prelu,
    "Reciprocal": unary(reciprocal),
    "Relu": unary(each("RELU")),
    "Round": unary(each("ROUND")),
    "Sigmoid": unary(each("LOGISTIC")),
    "Sign": unary(each("SIGN")),
    "Sin": unary(each("SIN")),
    "Softmax": softmax(_SOFTMAX, _by_tail(_SOFTMAX)),
    "Softplus": unary(softplus),
    "Sqrt": unary(each("SQRT")),
    "Tanh": unary(each("TANH")),
}
