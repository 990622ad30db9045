"""What an integer network stands for, computed with real numbers that are rounded in between."""

from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.emission.convolution import convolved
from dlscope.methods.codesign.emission.integer_network import IntegerNetwork
from dlscope.methods.codesign.folded_network import FoldedNetwork


def rounded_logits(
    folded: FoldedNetwork, integers: IntegerNetwork, images: np.ndarray
) -> np.ndarray:
    """The folded network with every number on its grid, as training with rounding has it."""
    value = images.astype(np.float64)
    read: list[np.ndarray] = []
    for place, (layer, whole) in enumerate(zip(folded.layers, integers.layers, strict=True)):
        if place == folded.head:
            value = value.mean(axis=(2, 3), keepdims=True)
        value = whole.reads.values(whole.reads.quantised(value))
        read.append(value)
        steps = 2.0**whole.weight_exponents
        limit = 2 ** (layer.precision.weight_bits - 1)
        weights = np.floor(layer.weights / steps[:, None, None, None] + 0.5)
        weights = np.clip(weights, -limit, limit - 1) * steps[:, None, None, None]
        unit = 2.0**whole.exponents
        bias = np.floor(layer.bias / unit + 0.5) * unit
        value = convolved(value, weights, layer.shape, layer.padding) + bias[:, None, None]
        source = folded.source_of(place)
        if source is not None:
            value = value + read[source + 1]
        if layer.activation is not None:
            value = np.clip(value, 0, 6 if layer.activation == "relu6" else np.inf)
    return value.reshape(len(images), -1)
