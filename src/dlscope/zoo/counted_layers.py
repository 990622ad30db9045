"""`CountedLayers`: what all convolutions of a layout come to, whatever network it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, final


class CountedLayer(Protocol):
    """A convolution as numbers: of its kernel, of what it gives, and of what it computes."""

    @property
    def weights(self) -> int:
        """Numbers in its kernel."""

    @property
    def channels_out(self) -> int:
        """Maps that it gives."""

    @property
    def is_normalised(self) -> bool:
        """Whether batch normalisation follows."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""


class CountedLayers(ABC):
    """A layout fills in `layers`, the head last."""

    @property
    @abstractmethod
    def layers(self) -> Sequence[CountedLayer]:
        """Every convolution in order."""

    @property
    @final
    def conv_weights(self) -> int:
        """Numbers in all kernels."""
        return sum(layer.weights for layer in self.layers)

    @property
    @final
    def normalised_channels(self) -> int:
        """Channels that batch normalisation holds four numbers for, two of them learnt."""
        return sum(layer.channels_out for layer in self.layers if layer.is_normalised)

    @property
    @final
    def trainable(self) -> int:
        """What is learnt: kernels, and gain and bias of the normalisations."""
        return self.conv_weights + 2 * self.normalised_channels

    @property
    @final
    def macs(self) -> int:
        """Multiply-accumulates of one image."""
        return sum(layer.macs for layer in self.layers)
