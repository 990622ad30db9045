"""Rules for functions of one element, and for softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.node import OnnxNode, Rule, Rules

_SOFTMAX_BY_AXIS = 13
"""The opset from which softmax runs over one axis; before, over all axes from `axis` on."""


def _plain(function: Callable[..., Any]) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        return node.call(function, node.tensor(0))

    return rule


def _clip(node: OnnxNode) -> fx.Node:
    low, high = node.number(1, "min"), node.number(2, "max")
    if isinstance(low, fx.Node) != isinstance(high, fx.Node):
        low, high = node.tensor(1), node.tensor(2)
    if low is None and high is None:
        return node.call(identity, node.tensor(0))
    return node.call(torch.clamp, node.tensor(0), low, high)


def _gelu(node: OnnxNode) -> fx.Node:
    return node.call(F.gelu, node.tensor(0), approximate=node.attribute("approximate", "none"))


def _leaky_relu(node: OnnxNode) -> fx.Node:
    return node.call(F.leaky_relu, node.tensor(0), node.attribute("alpha", 0.01))


def _elu(node: OnnxNode) -> fx.Node:
    return node.call(F.elu, node.tensor(0), node.attribute("alpha", 1.0))


def _hard_sigmoid(node: OnnxNode) -> fx.Node:
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    return node.call(hard_sigmoid, node.tensor(0), alpha, beta)


def _prelu(node: OnnxNode) -> fx.Node:
    return node.call(prelu, node.tensor(0), node.tensor(1))


def _dropout(node: OnnxNode) -> tuple[fx.Node, ...]:
    if node.has(2) and node.number(2) is not False:
        raise node.refusal("training mode")
    mask = (node.call(ones_mask, node.tensor(0)),) if len(node.outputs) > 1 else ()
    return node.call(identity, node.tensor(0)), *mask


def _softmax(by_axis: Callable[..., Any], by_tail: Callable[..., Any]) -> Rule:
    def rule(node: OnnxNode) -> fx.Node:
        if node.opset >= _SOFTMAX_BY_AXIS:
            return node.call(by_axis, node.tensor(0), node.attribute("axis", -1))
        return node.call(by_tail, node.tensor(0), node.attribute("axis", 1))

    return rule


def identity(x: Tensor) -> Tensor:
    """`x` itself."""
    return x


def ones_mask(x: Tensor) -> Tensor:
    """Dropout's mask when nothing is dropped."""
    return torch.ones_like(x, dtype=torch.bool)


def hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    """max(0, min(1, alpha · x + beta))."""
    return (x * alpha + beta).clamp(0.0, 1.0)


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """`x` where positive, else slope · x; the slope is broadcast as NumPy does."""
    return torch.where(x < 0, slope * x, x)


def softmax_from(x: Tensor, axis: int) -> Tensor:
    """Softmax over all axes from `axis` on, taken as one."""
    return torch.softmax(x.flatten(axis), axis % x.ndim).reshape(x.shape)


def log_softmax_from(x: Tensor, axis: int) -> Tensor:
    """Logarithm of the softmax over all axes from `axis` on, taken as one."""
    return torch.log_softmax(x.flatten(axis), axis % x.ndim).reshape(x.shape)


ACTIVATIONS: Rules = {
    "Abs": _plain(torch.abs),
    "Ceil": _plain(torch.ceil),
    "Clip": _clip,
    "Cos": _plain(torch.cos),
    "Dropout": _dropout,
    "Elu": _elu,
    "Erf": _plain(torch.erf),
    "Exp": _plain(torch.exp),
    "Floor": _plain(torch.floor),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain(F.hardswish),
    "Identity": _plain(identity),
    "IsNaN": _plain(torch.isnan),
    "LeakyRelu": _leaky_relu,
    "Log": _plain(torch.log),
    "LogSoftmax": _softmax(torch.log_softmax, log_softmax_from),
    "Mish": _plain(F.mish),
    "Neg": _plain(torch.neg),
    "Not": _plain(torch.logical_not),
    "PRelu": _prelu,
    "Reciprocal": _plain(torch.reciprocal),
    "Relu": _plain(torch.relu),
    "Round": _plain(torch.round),
    "Sigmoid": _plain(torch.sigmoid),
    "Sign": _plain(torch.sign),
    "Sin": _plain(torch.sin),
    "Softmax": _softmax(torch.softmax, softmax_from),
    "Softplus": _plain(F.softplus),
    "Sqrt": _plain(torch.sqrt),
    "Tanh": _plain(torch.tanh),
}
