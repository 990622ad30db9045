"""Layers of values whose features are the last axis: tokens T×D, and images turned to H×W×C.

A linear layer is a matrix product and an addition, as exporters write it, and

    gelu(x) = x·(1 + erf(x/√2))/2

(Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016).
"""

from __future__ import annotations

import math

from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.parameters import Law


def layer_norm(layers: Layers, name: str, value: Value, epsilon: float) -> Value:
    """The features of each place with mean 0 and variance 1, scaled and shifted."""
    width = value.shape[-1]
    scale = layers.parameter(f"{name}.weight", (width,), Law(1.0, 0.1))
    shift = layers.parameter(f"{name}.bias", (width,), Law(0.0, 0.1))
    inputs = [value.name, scale, shift]
    return layers.node("LayerNormalization", name, inputs, value.shape, axis=-1, epsilon=epsilon)


def linear(layers: Layers, name: str, value: Value, outputs: int, *, bias: bool = True) -> Value:
    """The features of each place through one matrix to `outputs` others."""
    inputs = value.shape[-1]
    matrix = layers.weight(f"{name}.weight", (inputs, outputs), inputs)
    shape = (*value.shape[:-1], outputs)
    if not bias:
        return layers.node("MatMul", name, [value.name, matrix], shape)
    offset = layers.parameter(f"{name}.bias", (outputs,), Law(0.0, 0.1))
    product = layers.node("MatMul", f"{name}.product", [value.name, matrix], shape)
    return layers.node("Add", name, [product.name, offset], shape)


def gelu(layers: Layers, name: str, value: Value) -> Value:
    """The activation of transformers, in the five operators of opset 17."""
    node, scalar, shape = layers.node, layers.scalar, value.shape
    scaled = node("Mul", f"{name}.scaled", [value.name, scalar(1 / math.sqrt(2))], shape)
    erf = node("Erf", f"{name}.erf", [scaled.name], shape)
    gate = node("Add", f"{name}.gate", [erf.name, scalar(1.0)], shape)
    gated = node("Mul", f"{name}.gated", [value.name, gate.name], shape)
    return node("Mul", name, [gated.name, scalar(0.5)], shape)


def perceptron(layers: Layers, name: str, value: Value) -> Value:
    """Two linear layers with four times as many features in between."""
    width = value.shape[-1]
    hidden = gelu(layers, f"{name}.gelu", linear(layers, f"{name}.fc1", value, 4 * width))
    return linear(layers, f"{name}.fc2", hidden, width)


def permute(layers: Layers, name: str, value: Value, *order: int) -> Value:
    """The axes in another order; the batch, 0, stays in front."""
    shape = [value.shape[axis - 1] for axis in order[1:]]
    return layers.node("Transpose", name, [value.name], shape, perm=order)
