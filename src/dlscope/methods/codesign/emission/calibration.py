"""`calibrated`: the grid of what each layer reads, from its own step or from inputs.

A layer reads unsigned numbers after an activation, signed ones after none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.convolution import convolved
from dlscope.methods.codesign.emission.grid import Grid
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork

Images = NDArray[Any]
_RELU6 = 6.0


def calibrated(network: FoldedNetwork, images: Images) -> tuple[Grid, ...]:
    """The grid of the input of each layer; `images` are N×C×H×W, as the network sees them.

    A layer without a step of its own gets the finest grid that holds all it reads of `images`; a
    step that is no power of two is rounded up. Raises `SearchError` for no images, and for images
    of another shape.
    """
    require_images(network, images)
    read = list(inputs_of(network, images))
    return tuple(
        _grid(layer, _is_signed(network, place, images), float(np.abs(read[place]).max()))
        for place, layer in enumerate(network.layers)
    )


def require_images(network: FoldedNetwork, images: Images) -> None:
    """Raise `SearchError` unless `images` are at least one input of `network`."""
    if (
        images.ndim != len(network.input) + 1
        or images.shape[1:] != network.input
        or not len(images)
    ):
        raise SearchError(
            f"images are {list(images.shape)}",
            where="calibration",
            fix=f"give [N, {', '.join(map(str, network.input))}] with N from 1 on",
        )


def inputs_of(network: FoldedNetwork, images: Images) -> Iterator[Images]:
    """What each layer reads of `images`, and last what the network answers, all in float64."""
    value = np.asarray(images, np.float64)
    given: list[Images] = []
    for place, layer in enumerate(network.layers):
        if place == network.head:
            value = value.mean(axis=(2, 3), keepdims=True)
        yield value
        value = convolved(value, layer.weights.astype(np.float64), layer.shape, layer.padding)
        value = value + layer.bias[:, None, None]
        source = network.source_of(place)
        if source is not None:
            value = value + given[source]
        value = activated(layer, value)
        given.append(value)
    yield value.reshape(len(images), -1)


def activated(layer: FoldedLayer, value: Images) -> Images:
    """`value` behind the activation of `layer`."""
    if layer.activation is None:
        return value
    most = _RELU6 if layer.activation == "relu6" else math.inf
    return np.clip(value, 0, most)


def _is_signed(network: FoldedNetwork, place: int, images: Images) -> bool:
    if place == 0:
        return bool(images.min() < 0)
    return network.layers[place - 1].activation is None


def _grid(layer: FoldedLayer, is_signed: bool, largest: float) -> Grid:
    bits = layer.precision.activation_bits
    if layer.activation_scale is None:
        return Grid.fitting(largest, bits, is_signed=is_signed)
    mantissa, exponent = math.frexp(layer.activation_scale)
    is_power = mantissa == 1 / 2
    return Grid(exponent - 1 if is_power else exponent, bits, is_signed)
