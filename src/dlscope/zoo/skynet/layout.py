"""`Layout`: the layers of a SkyNet with their shapes and exact counts, without a framework.

A MAC is one multiply-accumulate. Sizes are (height, width).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import GraphError, ShapeError, did_you_mean, raise_all
from dlscope.zoo.counted_layers import CountedLayers

Variant: TypeAlias = Literal["A", "B", "C"]
VARIANTS: tuple[Variant, ...] = ("A", "B", "C")
SIZE = (160, 320)
STRIDE = 8
ANCHORS = 2
HEAD = 5 * ANCHORS
"""tx, ty, tw, th and tconf of each anchor."""
_WIDTHS = (48, 96, 192, 384, 512)
_POOLED = 3
_BYPASS = 2
"""Index of the bundle whose output goes around the next two as well."""
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Layer:
    """A convolution without bias: its number in the table, its kind and its shapes."""

    number: int
    kind: Literal["depthwise", "pointwise"]
    channels_in: int
    channels_out: int
    size: tuple[int, int]
    is_normalised: bool = True

    @property
    def weights(self) -> int:
        """How many numbers its kernels hold."""
        inputs = 9 if self.kind == "depthwise" else self.channels_in
        return inputs * self.channels_out

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image; the zeros around the map count."""
        return self.weights * math.prod(self.size)


@final
@dataclass(frozen=True)
class Layout(CountedLayers):
    """A SkyNet of `variant` and `width_mult` for images of `size`.

    The trunk (`is_trunk`) ends behind the bypass, for trackers. Raises `GraphError` for an unknown
    variant or a width that is not above 0, `ShapeError` for a size that the pools do not divide.
    """

    variant: Variant = "C"
    width_mult: float = 1.0
    size: tuple[int, int] = SIZE
    is_trunk: bool = False

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise GraphError(
                f"there is no SkyNet {self.variant!r}",
                where="SkyNet, variant",
                fix=did_you_mean(str(self.variant), VARIANTS),
            )
        if not (math.isfinite(self.width_mult) and self.width_mult > 0):
            raise GraphError(
                f"a width multiplier of {self.width_mult:g} gives no network",
                where="SkyNet, width",
                fix="give a number above 0, such as 0.5",
            )
        require_size(self.size)

    @property
    def widths(self) -> tuple[int, ...]:
        """Output channels of the bundles, those behind the bypass included."""
        return (*self._stem, *([] if self.is_trunk else self._tail))

    @property
    def joined(self) -> int:
        """Channels behind the bypass: four times those of its start, then those of bundle 5."""
        return 4 * self._stem[_BYPASS] + self._stem[-1]

    @property
    def has_bypass(self) -> bool:
        """Whether a map of higher resolution goes around two bundles."""
        return self.is_trunk or self.variant != "A"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every convolution in order; two to a bundle, and the head."""
        layers: list[Layer] = []
        channels = 3
        for index, width in enumerate(self.widths):
            size = self._size_at(index)
            if index == len(_WIDTHS):
                channels = self.joined
            number = 2 * index + 1
            layers.append(Layer(number, "depthwise", channels, channels, size))
            layers.append(Layer(number + 1, "pointwise", channels, width, size))
            channels = width
        if not self.is_trunk:
            size = self._size_at(_POOLED)
            # The head keeps its number of the largest variant, as in the published table.
            layers.append(Layer(13, "pointwise", channels, HEAD, size, is_normalised=False))
        return tuple(layers)

    @property
    def fused(self) -> int:
        """Kernels and biases once the normalisations are folded into the convolutions."""
        return self.conv_weights + self.normalised_channels

    @property
    def state_bytes(self) -> int:
        """Kernels, gains, biases, means and variances as float32."""
        return _FLOAT_BYTES * (self.conv_weights + 4 * self.normalised_channels)

    @property
    def _stem(self) -> tuple[int, ...]:
        return tuple(scaled_width(width, self.width_mult) for width in _WIDTHS)

    @property
    def _tail(self) -> tuple[int, ...]:
        first = self._stem[0]
        return {"A": (), "B": (first,), "C": (2 * first,)}[self.variant]

    def _size_at(self, index: int) -> tuple[int, int]:
        shrunk = 2 ** min(index, _POOLED)
        return self.size[0] // shrunk, self.size[1] // shrunk


def scaled_width(width: int, width_mult: float) -> int:
    """`width` times the multiplier to the nearest multiple of 8, at least 8."""
    return max(8, 8 * math.floor(width * width_mult / 8 + 0.5))


def require_size(size: tuple[int, int]) -> None:
    """Raise `ShapeError`, naming axis and nearest sizes, unless 8 divides height and width."""
    raise_all(
        [
            ShapeError(
                f"{axis} {side} is not a multiple of {STRIDE}",
                where=f"SkyNet, {axis} of the image",
                fix=f"use {axis} {_lower(side)} or {_lower(side) + STRIDE}",
            )
            for axis, side in zip(("height", "width"), size, strict=True)
            if side < STRIDE or side % STRIDE
        ]
    )


def _lower(side: int) -> int:
    return max(STRIDE, STRIDE * (side // STRIDE))
