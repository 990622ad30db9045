"""`LayerShape`: what a hardware model needs to know of a layer.

Letters: H, W height and width of a map, C channels, k kernel, s stride, g groups; `_in` and `_out`
say of which side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, final

from dlscope.core.errors import SearchError

Kind = Literal["conv", "depthwise", "dense", "pool"]


@final
@dataclass(frozen=True, kw_only=True)
class LayerShape:
    """One layer: its kind, both maps, its kernel (height, width), stride and groups.

    Dense layers have maps of 1×1. Raises `SearchError` for sizes below 1, for channels that the
    groups do not divide, and for a kernel that has nowhere to go.
    """

    kind: Kind
    channels_in: int
    channels_out: int
    map_in: tuple[int, int]
    map_out: tuple[int, int]
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        sizes = (self.channels_in, self.channels_out, *self.map_in, *self.map_out, *self.kernel)
        if min(*sizes, self.stride, self.groups) < 1:
            raise self._refused("a size is below 1", "use whole numbers from 1 on")
        if self.channels_in % self.groups or self.channels_out % self.groups:
            raise self._refused(
                f"{self.groups} groups do not divide its channels",
                "use channels that are multiples of the groups",
            )

    @classmethod
    def conv(
        cls,
        channels_in: int,
        channels_out: int,
        size: int | tuple[int, int],
        kernel: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        padding: int | None = None,
        groups: int = 1,
    ) -> Self:
        """A convolution of an input map of `size`, padded on each side; None is half the kernel.

        It is depthwise where each channel is a group by itself.
        """
        map_in, window = _pair(size), _pair(kernel)
        map_out = _slid(map_in, window, stride, padding)
        is_depthwise = groups == channels_in == channels_out and groups > 1
        return cls(
            kind="depthwise" if is_depthwise else "conv",
            channels_in=channels_in,
            channels_out=channels_out,
            map_in=map_in,
            map_out=map_out,
            kernel=window,
            stride=stride,
            groups=groups,
        )

    @classmethod
    def depthwise(
        cls, channels: int, size: int | tuple[int, int], kernel: int, *, stride: int = 1
    ) -> Self:
        """A convolution of each channel by itself, also where there is only one."""
        map_in, window = _pair(size), _pair(kernel)
        return cls(
            kind="depthwise",
            channels_in=channels,
            channels_out=channels,
            map_in=map_in,
            map_out=_slid(map_in, window, stride, None),
            kernel=window,
            stride=stride,
            groups=channels,
        )

    @classmethod
    def pool(
        cls,
        channels: int,
        size: int | tuple[int, int],
        kernel: int | tuple[int, int],
        *,
        stride: int,
        padding: int = 0,
    ) -> Self:
        """A pooling layer: no weights, no multiply-accumulates."""
        map_in, window = _pair(size), _pair(kernel)
        return cls(
            kind="pool",
            channels_in=channels,
            channels_out=channels,
            map_in=map_in,
            map_out=_slid(map_in, window, stride, padding),
            kernel=window,
            stride=stride,
            groups=channels,
        )

    @classmethod
    def dense(cls, channels_in: int, channels_out: int) -> Self:
        """A matrix product with a vector."""
        return cls(
            kind="dense",
            channels_in=channels_in,
            channels_out=channels_out,
            map_in=(1, 1),
            map_out=(1, 1),
        )

    @property
    def work(self) -> int:
        """Cycles of one lane: H_out · W_out · k² · C_in/g · C_out, C_in/g being 1 of a pool."""
        positions = self.map_out[0] * self.map_out[1] * self.kernel[0] * self.kernel[1]
        return positions * self.channels_in // self.groups * self.channels_out

    @property
    def macs(self) -> int:
        """Multiply-accumulates: the work, 0 of a pool."""
        return 0 if self.kind == "pool" else self.work

    @property
    def weights(self) -> int:
        """How many weights there are, those of biases left out."""
        if self.kind == "pool":
            return 0
        window = self.kernel[0] * self.kernel[1]
        return window * self.channels_in // self.groups * self.channels_out

    @property
    def inputs(self) -> int:
        """Elements of the input map."""
        return self.channels_in * self.map_in[0] * self.map_in[1]

    @property
    def outputs(self) -> int:
        """Elements of the output map."""
        return self.channels_out * self.map_out[0] * self.map_out[1]

    @property
    def fan_in(self) -> int:
        """Products that one output sums up: k² · C_in/g."""
        return self.kernel[0] * self.kernel[1] * self.channels_in // self.groups

    def __str__(self) -> str:
        height, width = self.map_in
        window = f"{self.kernel[0]}x{self.kernel[1]}"
        channels = f"{self.channels_in}->{self.channels_out}"
        return f"{self.kind} {window}/{self.stride} {channels} on {height}x{width}"

    def _refused(self, what: str, fix: str) -> SearchError:
        return SearchError(what, where=str(self), fix=fix)


def mbconv(
    channels_in: int,
    channels_out: int,
    size: int | tuple[int, int],
    kernel: int,
    expansion: int,
    *,
    stride: int = 1,
) -> tuple[LayerShape, ...]:
    """The stages of an inverted residual block: expand, depthwise, project.

    Nothing is expanded where `expansion` is 1. Their work is
    H_in² · C_in · C_m + H_out² · k² · C_m + H_out² · C_m · C_out with C_m = e · C_in.
    """
    middle = expansion * channels_in
    expand = (LayerShape.conv(channels_in, middle, size),) if expansion > 1 else ()
    spread = LayerShape.depthwise(middle, size, kernel, stride=stride)
    return (*expand, spread, LayerShape.conv(middle, channels_out, spread.map_out))


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _slid(
    size: tuple[int, int], kernel: tuple[int, int], stride: int, padding: int | None
) -> tuple[int, int]:
    """Places of a window of `kernel` in a map of `size`. Raises `SearchError` for a stride of 0."""
    if stride < 1:
        raise SearchError(
            f"stride is {stride}", where="the shape of a layer", fix="use a stride from 1 on"
        )
    height, width = (
        (length + 2 * (window // 2 if padding is None else padding) - window) // stride + 1
        for length, window in zip(size, kernel, strict=True)
    )
    if min(height, width) < 1:
        raise SearchError(
            f"a kernel of {kernel[0]}x{kernel[1]} does not fit into {size[0]}x{size[1]}",
            where="the shape of a layer",
            fix="use a smaller kernel or stride, or a larger input",
        )
    return height, width
