"""`StackedLayout`: a network of one bundle many times, with its exact counts, without a framework.

A MAC is one multiply-accumulate. Sizes are (height, width).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, final

from dlscope.core.digest import digest
from dlscope.core.errors import GraphError, ShapeError, did_you_mean, raise_all
from dlscope.zoo.bundles.bundle import BOUNDS, Act, Bundle, bundle_named
from dlscope.zoo.counted_layers import CountedLayers

Pooling: TypeAlias = Literal["max", "average"]
POOLINGS: tuple[Pooling, ...] = ("max", "average")
COLORS = 3
HEAD = 10
"""tx, ty, tw, th and tconf of two anchors, as SkyNet has them."""
SIZE = (160, 320)
_FLOAT_BYTES = 4


@final
@dataclass(frozen=True)
class StackedLayer:
    """A convolution without bias: the bundle it belongs to, from 0, its kind and its shapes."""

    bundle: int
    kind: Literal["conv", "depthwise"]
    kernel: int
    channels_in: int
    channels_out: int
    size: tuple[int, int]
    is_normalised: bool = True

    @property
    def weights(self) -> int:
        """How many numbers its kernels hold."""
        inputs = 1 if self.kind == "depthwise" else self.channels_in
        return self.kernel**2 * inputs * self.channels_out

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image; the zeros around the map count."""
        return self.weights * math.prod(self.size)


@final
@dataclass(frozen=True)
class StackedLayout(CountedLayers):
    """`bundle` once for each of `widths`, halved in both sides after those in `pools`, from 1.

    With `bypass` the map that the last pool reads also goes to the last bundle, reordered into
    four times its channels, in front of what comes there. Raises `GraphError` for widths below 1,
    pools that are not in order, or a bypass that leads nowhere, and `ShapeError` for a size that
    the pools do not divide.
    """

    bundle: Bundle
    widths: tuple[int, ...]
    pools: tuple[int, ...]
    bypass: bool = False
    act: Act = "relu"
    pooling: Pooling = "max"
    size: tuple[int, int] = SIZE

    def __post_init__(self) -> None:
        raise_all([*self._wrong_parts(), *self._wrong_sizes()])

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """The layout that `to_json` wrote."""
        bundle = bundle_named(data["bundle"])
        tuples = {name: tuple(data[name]) for name in ("widths", "pools", "size")}
        return cls(**{**data, **tuples, "bundle": bundle})

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "bundle": self.bundle.id,
            "widths": list(self.widths),
            "pools": list(self.pools),
            "bypass": self.bypass,
            "act": self.act,
            "pooling": self.pooling,
            "size": list(self.size),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of `to_json`."""
        return digest(self.to_json())

    @property
    def stride(self) -> int:
        """Pixels of the image for each step in the map of the head."""
        return int(2 ** len(self.pools))

    @property
    def layers(self) -> tuple[StackedLayer, ...]:
        """Every convolution in order, the head last."""
        return tuple(self._layers())

    @property
    def peak_activation_bytes(self) -> int:
        """The most that the float32 maps into and out of a convolution take, the bypass beside."""
        around = self._around if self.bypass else 0
        last = len(self.widths) - 1
        return _FLOAT_BYTES * max(
            math.prod(layer.size) * (layer.channels_in + layer.channels_out)
            + (around if self.bypass and self.pools[-1] <= layer.bundle < last else 0)
            for layer in self.layers
        )

    def channels_into(self, index: int) -> int:
        """Channels that the bundle `index`, from 0, reads."""
        before = self.widths[index - 1] if index else COLORS
        joins = self.bypass and index == len(self.widths) - 1
        return before + (4 * self.widths[self.pools[-1] - 1] if joins else 0)

    def size_at(self, index: int) -> tuple[int, int]:
        """Sides of the map that the bundle `index`, from 0, reads; one more is the head."""
        shrunk = 2 ** sum(pool <= index for pool in self.pools)
        return self.size[0] // shrunk, self.size[1] // shrunk

    @property
    def _around(self) -> int:
        """Numbers in the map that goes around."""
        start = self.pools[-1] - 1
        return self.widths[start] * math.prod(self.size_at(start))

    def _layers(self) -> Iterator[StackedLayer]:
        for index, width in enumerate(self.widths):
            channels = self.bundle.channels(self.channels_into(index), width)
            for component, (inputs, outputs) in zip(self.bundle.components, channels, strict=True):
                yield StackedLayer(
                    index, component.kind, component.kernel, inputs, outputs, self.size_at(index)
                )
        count = len(self.widths)
        last, size = self.widths[-1], self.size_at(count)
        yield StackedLayer(count, "conv", 1, last, HEAD, size, is_normalised=False)

    def _wrong_parts(self) -> Iterator[GraphError]:
        count = len(self.widths)
        if not self.widths or min(self.widths) < 1:
            yield _refused(
                f"widths of {list(self.widths)} make no network", "give a width from 1 on for each"
            )
        inside = all(1 <= pool <= count for pool in self.pools)
        if not inside or list(self.pools) != sorted(set(self.pools)):
            yield _refused(
                f"pools after {list(self.pools)} are not in {count} bundles, each once, in order",
                f"use different numbers from 1 to {count}, ascending",
            )
        elif self.bypass and (not self.pools or self.pools[-1] >= count):
            yield _refused(
                "a bypass needs a bundle behind the last pool to lead to",
                "pool earlier, or add a bundle",
            )
        for value, known in ((self.act, tuple(BOUNDS)), (self.pooling, POOLINGS)):
            if value not in known:
                yield _refused(f"there is no {value!r}", did_you_mean(str(value), known))

    def _wrong_sizes(self) -> Iterator[ShapeError]:
        for axis, side in zip(("height", "width"), self.size, strict=True):
            if side < self.stride or side % self.stride:
                lower = max(self.stride, self.stride * (side // self.stride))
                yield ShapeError(
                    f"{axis} {side} is not a multiple of {self.stride}",
                    where=f"stacked bundles, {axis} of the image",
                    fix=f"use {axis} {lower} or {lower + self.stride}",
                )


def _refused(what: str, fix: str) -> GraphError:
    return GraphError(what, where="stacked bundles", fix=fix)
