"""Rules for functions of one element, and for softmax."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from dlscope.backends.onnx_graph.rules import binary, clip, dropout, identity, softmax, unary
from dlscope.backends.onnx_to_tensorflow.node import Tensor, TensorFlowRules, sizes_of


def clamp(x: Tensor, low: Tensor | float | None, high: Tensor | float | None) -> Tensor:
    """`x` held between two bounds, in the type of `x`; the upper one wins."""
    if low is not None:
        x = tf.maximum(x, tf.cast(low, x.dtype))
    return x if high is None else tf.minimum(x, tf.cast(high, x.dtype))


def elu(x: Tensor, alpha: float) -> Tensor:
    """`x` where positive, else alpha · (eˣ − 1)."""
    return tf.where(x < 0, alpha * tf.math.expm1(tf.minimum(x, 0)), x)


def gelu(x: Tensor, approximate: str) -> Tensor:
    """The product x · Φ(x), by `approximate` "none" or "tanh"."""
    return tf.nn.gelu(x, approximate=approximate == "tanh")


def hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    """max(0, min(1, alpha · x + beta))."""
    return clamp(x * alpha + beta, 0, 1)


def hard_swish(x: Tensor) -> Tensor:
    """The product x · max(0, min(1, x/6 + 1/2))."""
    return x * hard_sigmoid(x, 1 / 6, 0.5)


def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    """`x` where positive, else alpha · x."""
    return tf.where(x < 0, alpha * x, x)


def mish(x: Tensor) -> Tensor:
    """The product x · tanh(log(1 + eˣ))."""
    return x * tf.tanh(tf.math.softplus(x))


def ones_mask(x: Tensor) -> Tensor:
    """Dropout's mask when nothing is dropped."""
    return tf.ones(x.shape, tf.bool)


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """`x` where positive, else slope · x; the slope is broadcast as NumPy does."""
    return tf.where(x < 0, slope * x, x)


def from_axis_on(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor, int], Tensor]:
    """`function`, which runs over the last axis, over all axes from one on, taken as one."""

    def over_tail(x: Tensor, axis: int) -> Tensor:
        sizes = sizes_of(x)
        before = sizes[: axis % len(sizes)]
        flat = tf.reshape(x, (*before, math.prod(sizes[len(before) :])))
        return tf.reshape(function(flat), sizes)

    return over_tail


ACTIVATIONS: TensorFlowRules = {
    "Abs": unary(tf.abs),
    "Ceil": unary(tf.math.ceil),
    "Clip": clip(clamp),
    "Cos": unary(tf.cos),
    "Dropout": dropout(ones_mask),
    "Elu": unary(elu, alpha=1.0),
    "Erf": unary(tf.math.erf),
    "Exp": unary(tf.exp),
    "Floor": unary(tf.floor),
    "Gelu": unary(gelu, approximate="none"),
    "HardSigmoid": unary(hard_sigmoid, alpha=0.2, beta=0.5),
    "HardSwish": unary(hard_swish),
    "Identity": unary(identity),
    "IsNaN": unary(tf.math.is_nan),
    "LeakyRelu": unary(leaky_relu, alpha=0.01),
    "Log": unary(tf.math.log),
    "LogSoftmax": softmax(tf.nn.log_softmax, from_axis_on(tf.nn.log_softmax)),
    "Mish": unary(mish),
    "Neg": unary(tf.negative),
    "Not": unary(tf.logical_not),
    "PRelu": binary(prelu),
    "Reciprocal": unary(tf.math.reciprocal),
    "Relu": unary(tf.nn.relu),
    "Round": unary(tf.round),
    "Sigmoid": unary(tf.sigmoid),
    "Sign": unary(tf.sign),
    "Sin": unary(tf.sin),
    "Softmax": softmax(tf.nn.softmax, from_axis_on(tf.nn.softmax)),
    "Softplus": unary(tf.math.softplus),
    "Sqrt": unary(tf.sqrt),
    "Tanh": unary(tf.tanh),
}
