"""Rules for operators that compute: the node is read here, a framework's function computes.

Each maker takes the function that computes and returns the rule that calls it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from dlscope.backends.onnx_graph.node import OnnxNode, Rule

V = TypeVar("V")
Function = Callable[..., Any]

_SOFTMAX_BY_AXIS = 13
"""The opset from which softmax runs over one axis; before, over all axes from `axis` on."""


def identity(x: V) -> V:
    """`x` itself."""
    return x


def unary(function: Function, **defaults: Any) -> Rule[Any]:
    """function(x, …): input 0, then the attributes in the order of `defaults`."""

    def rule(node: OnnxNode[Any]) -> Any:
        attributes = (node.attribute(name, default) for name, default in defaults.items())
        return node.call(function, node.tensor(0), *attributes)

    return rule


def binary(function: Function) -> Rule[Any]:
    """function(a, b)."""

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(function, node.tensor(0), node.tensor(1))

    return rule


def folded(function: Function) -> Rule[Any]:
    """Function over all inputs, two at a time."""

    def rule(node: OnnxNode[Any]) -> Any:
        first, *others = node.tensors()
        return functools.reduce(lambda total, term: node.call(function, total, term), others, first)

    return rule


def mean(add: Function, divide: Function) -> Rule[Any]:
    """The sum of all inputs over their number."""
    total = folded(add)

    def rule(node: OnnxNode[Any]) -> Any:
        return node.call(divide, total(node), len(node))

    return rule


def clip(clamp: Function) -> Rule[Any]:
    """clamp(x, low, high); a bound may be None, and both are numbers or both tensors."""

    def rule(node: OnnxNode[Any]) -> Any:
        low, high = node.number(1, "min"), node.number(2, "max")
        if _is_plain(low) != _is_plain(high):
            low, high = node.tensor(1), node.tensor(2)
        if low is None and high is None:
            return node.call(identity, node.tensor(0))
        return node.call(clamp, node.tensor(0), low, high)

    return rule


def _is_plain(bound: object) -> bool:
    return bound is None or isinstance(bound, int | float)


def dropout(ones_mask: Function) -> Rule[Any]:
    """Dropout as it is after training: its input, and ones_mask(x) where the graph has it."""

    def rule(node: OnnxNode[Any]) -> tuple[Any, ...]:
        if node.has(2) and node.number(2) is not False:
            raise node.refusal("training mode")
        mask = (node.call(ones_mask, node.tensor(0)),) if len(node.outputs) > 1 else ()
        return node.call(identity, node.tensor(0)), *mask

    return rule


def softmax(by_axis: Function, by_tail: Function) -> Rule[Any]:
    """by_axis(x, axis), or by_tail(x, axis) where an older opset takes all axes from there on."""

    def rule(node: OnnxNode[Any]) -> Any:
        if node.opset >= _SOFTMAX_BY_AXIS:
            return node.call(by_axis, node.tensor(0), node.attribute("axis", -1))
        return node.call(by_tail, node.tensor(0), node.attribute("axis", 1))

    return rule


def reduction(reduce: Function, kind: str) -> Rule[Any]:
    """reduce(x, kind, axes, keep, over_none): axes None for all, unless `over_none`."""

    def rule(node: OnnxNode[Any]) -> Any:
        keep = bool(node.attribute("keepdims", 1))
        over_none = bool(node.attribute("noop_with_empty_axes", 0))
        axes = node.ints(1, "axes")
        return node.call(reduce, node.tensor(0), kind, axes, keep, over_none)

    return rule


def extreme(function: Function) -> Rule[Any]:
    """function(x, axis, keep): the first place of the largest or smallest element."""

    def rule(node: OnnxNode[Any]) -> Any:
        if node.attribute("select_last_index", 0):
            raise node.refusal("select_last_index")
        axis, keep = node.attribute("axis", 0), bool(node.attribute("keepdims", 1))
        return node.call(function, node.tensor(0), axis, keep)

    return rule


def batch_normalization(function: Function) -> Rule[Any]:
    """function(x, scale, bias, mean, variance, epsilon), with the stored statistics."""

    def rule(node: OnnxNode[Any]) -> Any:
        if node.attribute("training_mode", 0):
            raise node.refusal("training mode")
        node.require_one_output()
        tensors = (node.tensor(index) for index in range(5))
        return node.call(function, *tensors, node.attribute("epsilon", 1e-5))

    return rule


def layer_normalization(norm: Function, mean_from: Function, inverse: Function) -> Rule[Any]:
    """norm(x, scale, bias, axis, epsilon), and the optional outputs.

    They are mean_from(x, axis) and inverse(x, mean, axis, epsilon), 1/√(variance + epsilon).
    """

    def rule(node: OnnxNode[Any]) -> tuple[Any, ...]:
        axis, epsilon = node.attribute("axis", -1), node.attribute("epsilon", 1e-5)
        x, scale, bias = (node.tensor(index) for index in range(3))
        normed = node.call(norm, x, scale, bias, axis, epsilon)
        if len(node.outputs) == 1:
            return (normed,)
        middle = node.call(mean_from, x, axis)
        return normed, middle, node.call(inverse, x, middle, axis, epsilon)

    return rule
