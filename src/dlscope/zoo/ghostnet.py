"""GhostNet: an image classifier whose cheap filters make half of the channels out of the others.

    image N×3×224×224 ─ stem ─ blocks.0 … blocks.15 ─ head ─ average ─ hidden ─ logits N×1000

Architecture: Han et al., "GhostNet: More Features from Cheap Operations", 2020, of width 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Options, draw_network
from dlscope.zoo.blocks import Activation, Layers, Value
from dlscope.zoo.excitation import excite
from dlscope.zoo.inverted_residual import round_channels

STEM_CHANNELS = 16
HEAD_CHANNELS = 960
HIDDEN = 1280
CHEAP_KERNEL = 3
# Weights are drawn for a ReLU behind them; where there is none, this keeps the size of values.
_LINEAR_SCALE = 0.7
# The end of a block is added to its input as well: the sum must not grow.
_PROJECT_SCALE = 0.5


@dataclass(frozen=True)
class Block:
    """One block: kernel of what filters in between, channels when widened and narrowed again."""

    kernel: int
    wide: int
    channels: int
    stride: int = 1
    excite: bool = False


BLOCKS = (
    Block(3, 16, 16),
    Block(3, 48, 24, 2),
    Block(3, 72, 24),
    Block(5, 72, 40, 2, excite=True),
    Block(5, 120, 40, excite=True),
    Block(3, 240, 80, 2),
    Block(3, 200, 80),
    Block(3, 184, 80),
    Block(3, 184, 80),
    Block(3, 480, 112, excite=True),
    Block(3, 672, 112, excite=True),
    Block(5, 672, 160, 2, excite=True),
    Block(5, 960, 160),
    Block(5, 960, 160, excite=True),
    Block(5, 960, 160),
    Block(5, 960, 160, excite=True),
)


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of GhostNet with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(GHOSTNET, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 3, 2)
    for index, block in enumerate(BLOCKS):
        value = _bottleneck(layers, f"blocks.{index}", value, block)
    value = layers.global_pool("average", layers.conv_norm("head", value, HEAD_CHANNELS))
    value = layers.conv("hidden", value, HIDDEN, bias=True)
    value = layers.flatten("flatten", layers.activate("hidden.relu", value, "relu"))
    layers.output(layers.linear("classifier", value, CLASSES, output="logits"))


def _bottleneck(layers: Layers, name: str, value: Value, block: Block) -> Value:
    """Two ghost modules, which widen and narrow, and a filter where the image is halved."""
    shortcut = value
    value = _ghost(layers, f"{name}.expand", value, block.wide, "relu")
    if block.stride > 1:
        value = _depthwise(layers, f"{name}.depthwise", value, block)
    if block.excite:
        value = excite(layers, f"{name}.se", value, round_channels(block.wide / 4, 4))
    value = _ghost(layers, f"{name}.project", value, block.channels, None, _PROJECT_SCALE)
    if shortcut.shape != value.shape:
        shortcut = _projected(layers, f"{name}.shortcut", shortcut, block)
    return layers.add(f"{name}.add", value, shortcut)


def _projected(layers: Layers, name: str, value: Value, block: Block) -> Value:
    """What a block reads, in the shape of what it makes."""
    value = _depthwise(layers, f"{name}.depthwise", value, block)
    return layers.conv_norm(
        f"{name}.project", value, block.channels, activation=None, scale=_LINEAR_SCALE
    )


def _ghost(
    layers: Layers,
    name: str,
    value: Value,
    channels: int,
    activation: Activation | None,
    scale: float = 1.0,
) -> Value:
    """Half of the `channels` by a 1×1 convolution, and their ghosts by one filter for each."""
    half = channels // 2
    primary = layers.conv_norm(f"{name}.primary", value, half, activation=activation, scale=scale)
    ghosts = layers.conv_norm(
        f"{name}.cheap", primary, half, CHEAP_KERNEL, groups=half, activation=activation,
        scale=scale,
    )  # fmt: skip
    return layers.concat(f"{name}.concat", [primary, ghosts])


def _depthwise(layers: Layers, name: str, value: Value, block: Block) -> Value:
    return layers.conv_norm(
        name, value, value.channels, block.kernel, block.stride, groups=value.channels,
        activation=None, scale=_LINEAR_SCALE,
    )  # fmt: skip


GHOSTNET = Architecture("ghostnet", {}, _write)
