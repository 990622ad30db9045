"""Rules for functions of one element, and for softmax."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from dlscope.backends.onnx_graph.rules import binary, clip, dropout, identity, softmax, unary
from dlscope.backends.onnx_to_jax.node import Array, JaxRules


def clamp(x: Array, low: Array | float | None, high: Array | float | None) -> Array:
    """`x` held between two bounds, in the type of `x`; the upper one wins."""
    if low is not None:
        x = jnp.maximum(x, jnp.asarray(low, x.dtype))
    return x if high is None else jnp.minimum(x, jnp.asarray(high, x.dtype))


def elu(x: Array, alpha: float) -> Array:
    """`x` where positive, else alpha · (eˣ − 1)."""
    return jax.nn.elu(x, alpha)


def gelu(x: Array, approximate: str) -> Array:
    """The product x · Φ(x), by `approximate` "none" or "tanh"."""
    return jax.nn.gelu(x, approximate=approximate == "tanh")


def hard_sigmoid(x: Array, alpha: float, beta: float) -> Array:
    """max(0, min(1, alpha · x + beta))."""
    return jnp.clip(x * alpha + beta, 0, 1)


def hard_swish(x: Array) -> Array:
    """The product x · max(0, min(1, x/6 + 1/2))."""
    return x * hard_sigmoid(x, 1 / 6, 0.5)


def leaky_relu(x: Array, alpha: float) -> Array:
    """`x` where positive, else alpha · x."""
    return jnp.where(x < 0, alpha * x, x)


def log_softmax_from(x: Array, axis: int) -> Array:
    """Logarithm of the softmax over all axes from `axis` on, taken as one."""
    return jax.nn.log_softmax(x, tuple(range(axis % x.ndim, x.ndim)))


def mish(x: Array) -> Array:
    """The product x · tanh(log(1 + eˣ))."""
    return x * jnp.tanh(jax.nn.softplus(x))


def ones_mask(x: Array) -> Array:
    """Dropout's mask when nothing is dropped."""
    return jnp.ones(x.shape, bool)


def prelu(x: Array, slope: Array) -> Array:
    """`x` where positive, else slope · x; the slope is broadcast as NumPy does."""
    return jnp.where(x < 0, slope * x, x)


def reciprocal(x: Array) -> Array:
    """1/x."""
    return 1 / x


def softmax_from(x: Array, axis: int) -> Array:
    """Softmax over all axes from `axis` on, taken as one."""
    return jax.nn.softmax(x, tuple(range(axis % x.ndim, x.ndim)))


ACTIVATIONS: JaxRules = {
    "Abs": unary(jnp.abs),
    "Ceil": unary(jnp.ceil),
    "Clip": clip(clamp),
    "Cos": unary(jnp.cos),
    "Dropout": dropout(ones_mask),
    "Elu": unary(elu, alpha=1.0),
    "Erf": unary(lax.erf),
    "Exp": unary(jnp.exp),
    "Floor": unary(jnp.floor),
    "Gelu": unary(gelu, approximate="none"),
    "HardSigmoid": unary(hard_sigmoid, alpha=0.2, beta=0.5),
    "HardSwish": unary(hard_swish),
    "Identity": unary(identity),
    "IsNaN": unary(jnp.isnan),
    "LeakyRelu": unary(leaky_relu, alpha=0.01),
    "Log": unary(jnp.log),
    "LogSoftmax": softmax(jax.nn.log_softmax, log_softmax_from),
    "Mish": unary(mish),
    "Neg": unary(jnp.negative),
    "Not": unary(jnp.logical_not),
    "PRelu": binary(prelu),
    "Reciprocal": unary(reciprocal),
    "Relu": unary(jax.nn.relu),
    "Round": unary(jnp.round),
    "Sigmoid": unary(jax.nn.sigmoid),
    "Sign": unary(jnp.sign),
    "Sin": unary(jnp.sin),
    "Softmax": softmax(jax.nn.softmax, softmax_from),
    "Softplus": unary(jax.nn.softplus),
    "Sqrt": unary(jnp.sqrt),
    "Tanh": unary(jnp.tanh),
}
