"""Rules for functions of one element, and for softmax."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor

from dlscope.backends.onnx_graph.rules import binary, clip, dropout, identity, softmax, unary
from dlscope.backends.onnx_to_torch.node import TorchRules


def gelu(x: Tensor, approximate: str) -> Tensor:
    """The product x · Φ(x), by `approximate` "none" or "tanh"."""
    return F.gelu(x, approximate=approximate)


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
    return torch.logsoftmax(x.flatten(axis), axis % x.ndim).reshape(x.shape)


ACTIVATIONS: TorchRules = {
    "Abs": unary(torch.abs),
    "Ceil": unary(torch.ceil),
    "Clip": clip(torch.clamp),
    "Cos": unary(torch.cos),
    "Dropout": dropout(ones_mask),
    "Elu": unary(F.elu, alpha=1.0),
    "Erf": unary(torch.erf),
    "Exp": unary(torch.exp),
    "Floor": unary(torch.floor),
    "Gelu": unary(gelu, approximate="none"),
    "HardSigmoid": unary(hard_sigmoid, alpha=0.2, beta=0.5),
    "HardSwish": unary(F.hardswish),
    "Identity": unary(identity),
    "IsNaN": unary(torch.isnan),
    "LeakyRelu": unary(F.leaky_relu, alpha=0.01),
    "Log": unary(torch.log),
    "LogSoftmax": softmax(torch.log_softmax, log_softmax_from),
    "Mish": unary(F.mish),
    "Neg": unary(torch.neg),
    "Not": unary(torch.logical_not),
    "PRelu": binary(prelu),
    "Reciprocal": unary(torch.reciprocal),
    "Relu": unary(torch.relu),
    "Round": unary(torch.round),
    "Sigmoid": unary(torch.sigmoid),
    "Sign": unary(torch.sign),
    "Sin": unary(torch.sin),
    "Softmax": softmax(torch.softmax, softmax_from),
    "Softplus": unary(F.softplus),
    "Sqrt": unary(torch.sqrt),
    "Tanh": unary(torch.tanh),
}
