"""`Tile`: how many channels a folded engine takes at once, what idles, and what is read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape


@final
@dataclass(frozen=True)
class Tile:
    """An engine of T_c channels of input times T_k of output. Raises `SearchError` below 1."""

    channels_in: int
    channels_out: int

    def __post_init__(self) -> None:
        if min(self.channels_in, self.channels_out) < 1:
            raise SearchError(
                f"a tile of {self.channels_in}x{self.channels_out} channels is empty",
                where="engine",
                fix="use tiles from 1 on",
            )

    @classmethod
    def of(cls, lanes: int) -> Self:
        """The tile of `lanes` lanes, a power of two, that is square or twice as many outputs.

        Raises `SearchError` for any other number.
        """
        if lanes < 1 or lanes & (lanes - 1):
            raise SearchError(
                f"{lanes} lanes are no power of two", where="engine", fix="use 1, 2, 4, 8, …"
            )
        half = (lanes.bit_length() - 1) // 2
        return cls(1 << half, lanes >> half)

    def efficiency(self, layer: LayerShape, *, folds_kernel: bool = False) -> float:
        """Share of lanes that are busy, of the channels of one group.

            C_in / (⌈C_in / T_c⌉ · T_c) · C_out / (⌈C_out / T_k⌉ · T_k)

        An engine that folds the kernel into the channels is busy with fewer inputs than T_c, too.
        """
        channels_in, channels_out = _of_group(layer)
        has_few = folds_kernel and channels_in < self.channels_in
        busy_in = 1.0 if has_few else _filled(channels_in, self.channels_in)
        return busy_in * _filled(channels_out, self.channels_out)

    def elements_read(self, layer: LayerShape) -> int:
        """Elements of weights, once, and of the input, once for each T_k channels of output."""
        _, channels_out = _of_group(layer)
        return layer.weights + layer.inputs * -(-channels_out // self.channels_out)


def _of_group(layer: LayerShape) -> tuple[int, int]:
    return layer.channels_in // layer.groups, layer.channels_out // layer.groups


def _filled(channels: int, tile: int) -> float:
    return channels / (-(-channels // tile) * tile)
