"""Operators that treat each element alone: operations counted from how each is defined.

Addition, multiplication, comparison, division and square root count 1, and so does each of exp,
log, erf, tanh, sigmoid and power, which count as transcendental as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.graph.ir import Layer
from dlscope.graph.work.quantity import Rule, Work, times, with_traffic

# Operations of each element, and how many of them are transcendental.
ACTIVATIONS: Mapping[str, tuple[int, int]] = {
    "Celu": (6, 1),
    "Elu": (4, 1),
    "Erf": (1, 1),
    "Exp": (1, 1),
    "Gelu": (5, 1),  # x/√2, erf, + 1, · x, · ½
    "HardSigmoid": (4, 0),  # · α, + β, two comparisons
    "HardSwish": (5, 0),  # · x
    "LeakyRelu": (2, 0),
    "Log": (1, 1),
    "Mish": (5, 3),  # x · tanh(log(1 + exp(x)))
    "PRelu": (2, 0),
    "Relu": (1, 0),
    "Selu": (5, 1),
    "Shrink": (3, 0),
    "Sigmoid": (1, 1),
    "Softplus": (3, 2),
    "Softsign": (3, 0),
    "Swish": (2, 1),  # x · sigmoid(x)
    "Tanh": (1, 1),
    "ThresholdedRelu": (1, 0),
}
_GELU_TANH = (9, 1)  # ½x · (1 + tanh(√(2/π) · (x + 0.044715 x³)))

_ARITHMETIC = {"Add", "CumSum", "Div", "Mod", "Mul", "Reciprocal", "Sqrt", "Sub"}
_SIGNS = {"Abs", "Ceil", "Floor", "Neg", "Round", "Sign"}
_COMPARISONS = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Where"}
_CHECKS = {"IsInf", "IsNaN"}
_LOGIC = {"And", "Not", "Or", "Xor"}
_BITS = {"BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"}
_ANGLES = {"Acos", "Asin", "Atan", "Cos", "Sin", "Tan"}
_HYPERBOLIC = {"Acosh", "Asinh", "Atanh", "Cosh", "Sinh"}

# Exponents that take multiplications or a root in place of a logarithm.
_EASY_POWERS = {0.5: 1, 1.0: 1, 2.0: 1, 3.0: 2}


def fused_activation(name: str, elements: int) -> Work:
    """Operations of an activation that another layer carries out on its `elements` outputs."""
    flops, transcendental = {**ACTIVATIONS, "Clip": (2, 0)}.get(name, (0, 0))
    return times(elements, flops, transcendental)


def _elements(layer: Layer) -> int:
    return layer.results[0].elements


def _each(flops: int, transcendental: int = 0) -> Rule:
    def rule(layer: Layer) -> Work:
        return with_traffic(layer, times(_elements(layer), flops, transcendental))

    return rule


def _clip(layer: Layer) -> Work:
    """A comparison for each bound, an input since opset 11 and an attribute before."""
    given = [bound for bound in layer.inputs[1:] if bound]
    bounds = len(given) + sum(name in layer.attributes for name in ("min", "max"))
    return with_traffic(layer, times(_elements(layer), bounds))


def _gelu(layer: Layer) -> Work:
    is_tanh = layer.attributes.get("approximate") == "tanh"
    return with_traffic(layer, times(_elements(layer), *(_GELU_TANH if is_tanh else (5, 1))))


def _pow(layer: Layer) -> Work:
    exponent = layer.inputs[1]
    value = exponent.value if exponent else None
    power = float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None
    if power in _EASY_POWERS:
        return with_traffic(layer, times(_elements(layer), _EASY_POWERS[power]))
    return with_traffic(layer, times(_elements(layer), 1, 1))


def _of_several(layer: Layer) -> Work:
    """One operation less than there are inputs; the mean divides as well."""
    flops = len(layer.inputs) - 1 + (layer.op_type == "Mean")
    return with_traffic(layer, times(_elements(layer), flops))


def _with_bias(flops: int, transcendental: int) -> Rule:
    """An activation after a bias that may be left out."""

    def rule(layer: Layer) -> Work:
        has_bias = layer.input(1) is not None
        return with_traffic(layer, times(_elements(layer), flops + has_bias, transcendental))

    return rule


RULES: Mapping[str, Rule] = {
    **{name: _each(*counts) for name, counts in ACTIVATIONS.items()},
    **{name: _each(1) for name in _ARITHMETIC | _SIGNS | _COMPARISONS | _CHECKS | _LOGIC | _BITS},
    **{name: _each(1, 1) for name in _ANGLES | _HYPERBOLIC},
    **dict.fromkeys(("Max", "Mean", "Min", "Sum"), _of_several),
    "Clip": _clip,
    "DequantizeLinear": _each(2),  # − zero, · scale
    "DynamicQuantizeLinear": _each(6),  # two comparisons for the range, then as below
    "Gelu": _gelu,
    "Pow": _pow,
    "QuantizeLinear": _each(4),  # ÷ scale, round, + zero, saturate
    "com.microsoft::BiasGelu": _with_bias(5, 1),
    "com.microsoft::FastGelu": _with_bias(*_GELU_TANH),
    "com.microsoft::Gelu": _each(5, 1),
    "com.microsoft::QuickGelu": _each(3, 1),  # x · sigmoid(α · x)
}
