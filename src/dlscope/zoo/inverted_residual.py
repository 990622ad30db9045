"""The block of MobileNets and MnasNet: widen by 1×1, filter each channel, narrow by 1×1.

    value ─ expand ─ depthwise ─ squeeze-and-excitation, where it is ─ project ─ + ─ value

The narrow end has no activation; it is added to the input where the two have one shape. Sandler
et al., "MobileNetV2", 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlscope.zoo.blocks import Activation, Layers, Value
from dlscope.zoo.excitation import excite

# A sum without activations must not grow; the factors of an excitation, near ½, have halved it.
_PROJECT_SCALE = 0.5
_EXCITED_SCALE = 2 * _PROJECT_SCALE


@dataclass(frozen=True)
class Style:
    """What the blocks of a network share."""

    activation: Activation
    epsilon: float = 1e-5


@dataclass(frozen=True)
class Block:
    """One block: channels when widened and when narrowed again, and how it filters in between."""

    wide: int
    channels: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    excite: bool = False


@dataclass(frozen=True)
class Stage:
    """Blocks of one width: how far they widen, channels, how many, and stride of the first."""

    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int = 3


def inverted_residual(layers: Layers, name: str, value: Value, block: Block, style: Style) -> Value:
    """`value` through `block`; one that does not widen has no first convolution."""
    wide = widened(layers, name, value, block, style)
    narrow = narrowed(layers, name, wide, block, style)
    return layers.add(f"{name}.add", narrow, value) if narrow.shape == value.shape else narrow


def widened(layers: Layers, name: str, value: Value, block: Block, style: Style) -> Value:
    """The first part of a block: `value` as wide as the block is inside."""
    if block.wide == value.channels:
        return value
    return layers.conv_norm(
        f"{name}.expand", value, block.wide, activation=style.activation, epsilon=style.epsilon
    )


def narrowed(layers: Layers, name: str, value: Value, block: Block, style: Style) -> Value:
    """The rest of a block, which filters and narrows what the first part has widened."""
    value = layers.conv_norm(
        f"{name}.depthwise",
        value,
        block.wide,
        block.kernel,
        block.stride,
        groups=block.wide,
        dilation=block.dilation,
        activation=style.activation,
        epsilon=style.epsilon,
    )
    if block.excite:
        value = excite(layers, f"{name}.se", value, round_channels(value.channels / 4))
    return layers.conv_norm(
        f"{name}.project",
        value,
        block.channels,
        activation=None,
        scale=_EXCITED_SCALE if block.excite else _PROJECT_SCALE,
        epsilon=style.epsilon,
    )


def write_stages(
    layers: Layers, value: Value, stages: Sequence[Stage], style: Style, reduction: int = 32
) -> Value:
    """`blocks.0`, `blocks.1`, … behind a stem that has halved the image.

    Where the image would become smaller than 1/`reduction` of its side, it does not; the blocks
    from there on filter with gaps instead, which see as far. (Chen et al., "Rethinking Atrous
    Convolution", 2017.)
    """
    index, reduced, dilation = 0, 2, 1
    for stage in stages:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            # The first block that no longer reduces reads what is not spread yet.
            gaps = dilation
            if reduced * stride > reduction:
                dilation, stride = dilation * stride, 1
            reduced *= stride
            wide = value.channels * stage.expansion
            block = Block(wide, stage.channels, stage.kernel, stride, gaps)
            value = inverted_residual(layers, f"blocks.{index}", value, block, style)
            index += 1
    return value


def round_channels(channels: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `channels`, at least `divisor` and 90 % of them."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
