"""What judges networks from outside: `Judge` for how good they are, `Latency` for how quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from dlscope.devices.layer_shape import LayerShape
from dlscope.zoo.bundles.layout import StackedLayout

Weights: TypeAlias = Mapping[str, NDArray[Any]]
Latency: TypeAlias = Callable[[StackedLayout], float]
"""Milliseconds of one image on a device."""


class Judge(Protocol):
    """Trains networks for a short time and says how good they then are."""

    def accuracy(
        self, network: StackedLayout, epochs: int, start_weights: Weights | None
    ) -> tuple[float, Weights]:
        """Accuracy after `epochs`, and the weights that were learnt.

        Of `start_weights` those are taken over whose names and shapes are those of `network`. The
        same arguments must give the same answer.
        """


def layer_shapes(network: StackedLayout) -> list[LayerShape]:
    """Its convolutions as hardware models see them."""
    return [
        LayerShape.depthwise(layer.channels_in, layer.size, layer.kernel)
        if layer.kind == "depthwise"
        else LayerShape.conv(layer.channels_in, layer.channels_out, layer.size, layer.kernel)
        for layer in network.layers
    ]
