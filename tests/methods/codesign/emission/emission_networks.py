"""Small networks by hand: every kind of layer, three widths, one residual sum."""

from __future__ import annotations

import numpy as np

from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork, weights_shape

BITS = (8, 4, 6, 8, 8, 8)


def layer(
    name: str, shape: LayerShape, activation: str | None, bits: int, rng: np.random.Generator
) -> FoldedLayer:
    weights = rng.normal(0, np.sqrt(2 / shape.fan_in), weights_shape(shape))
    bias = rng.normal(0, 0.1, shape.channels_out)
    return FoldedLayer(
        name=name,
        shape=shape,
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        activation=activation,
        precision=Precision.of(bits),
    )


def small_network(
    seed: int = 0,
    *,
    bits: tuple[int, ...] = BITS,
    size: int = 6,
    stride: int = 1,
    activation: str = "relu6",
) -> FoldedNetwork:
    """A convolution, an inverted residual with its sum, a head, an average and a classifier."""
    rng = np.random.default_rng(seed)
    stem = LayerShape.conv(2, 4, size, 3, stride=stride)
    side = stem.map_out[0]
    layers = (
        layer("stem", stem, activation, bits[0], rng),
        layer("b0.expand", LayerShape.conv(4, 8, side), activation, bits[1], rng),
        layer("b0.depthwise", LayerShape.depthwise(8, side, 3), activation, bits[2], rng),
        layer("b0.project", LayerShape.conv(8, 4, side), None, bits[3], rng),
        layer("head", LayerShape.conv(4, 8, side), activation, bits[4], rng),
        layer("classifier", LayerShape.dense(8, 3), None, bits[5], rng),
    )
    return FoldedNetwork((2, size, size), layers, residuals=((0, 3),))


def images(count: int = 8, *, size: int = 6, seed: int = 1) -> np.ndarray:
    """Images whose values 8 bits tell exactly."""
    return np.random.default_rng(seed).integers(0, 256, (count, 2, size, size)) / 256
