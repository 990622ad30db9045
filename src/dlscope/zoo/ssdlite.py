"""SSDLite on MobileNetV3-Large: a detector that looks for boxes in images of six sizes.

    image N×3×320×320 ─ MobileNetV3 ─┬ 20×20 ─ 10×10 ─ extra 5×5 ─ 3×3 ─ 2×2 ─ 1×1
                                     └── a head for boxes and one for scores on each ─ concatenated

    boxes N×3234×4      scores N×3234×91

Each of the 6·(20² + 10² + 5² + 3² + 2² + 1²) = 3234 boxes is given as a change of a fixed one, and
has a score for each of 91 classes, the background among them, before the softmax. Which boxes are
kept is not decided here.

Architecture: Howard et al., "Searching for MobileNetV3", 2019, whose last blocks have half of
their channels for a detector, and Sandler et al., "MobileNetV2", 2018, as torchvision ships it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Options, draw_network
from dlscope.zoo.blocks import Activation, Layers, Value
from dlscope.zoo.channels_last import permute
from dlscope.zoo.inverted_residual import Style, inverted_residual, narrowed, widened
from dlscope.zoo.mobilenet_v3 import BN_EPSILON, SIZES, STEM_CHANNELS

SIDE = 320
CLASSES = 91
BOXES = 6
"""Boxes at each place: two squares, and four of the aspects 2 and 3 and their inverses."""
HEAD_CHANNELS = 480
EXTRA_CHANNELS = (512, 256, 256, 128)
_BLOCKS = SIZES["large"].blocks
_FIRST_READ = 12
"""The block whose widened image is the first that the heads read."""
_STYLE = Style("hard_swish", BN_EPSILON)


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of SSDLite with weights from `seed`: `image` → `boxes`, `scores`.

    Raises `GraphError` for other options.
    """
    return draw_network(SSDLITE, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    features = _features(layers, layers.input("image", 3, SIDE, SIDE))
    for output, numbers in (("boxes", 4), ("scores", CLASSES)):
        heads = [
            _head(layers, f"{output}.{index}", value, numbers)
            for index, value in enumerate(features)
        ]
        count = sum(head.shape[0] for head in heads)
        names = [head.name for head in heads]
        layers.output(layers.node("Concat", output, names, (count, numbers), axis=1))


def _features(layers: Layers, value: Value) -> Sequence[Value]:
    """The six images that the heads read, the largest first."""
    value = layers.conv_norm(
        "stem", value, STEM_CHANNELS, 3, 2, activation="hard_swish", epsilon=BN_EPSILON
    )
    for index, (activation, block) in enumerate(_BLOCKS[:_FIRST_READ]):
        style = Style(activation, BN_EPSILON)
        value = inverted_residual(layers, f"blocks.{index}", value, block, style)
    large, small = _tail(layers, value)
    features = [large, small]
    for index, channels in enumerate(EXTRA_CHANNELS):
        features.append(_extra(layers, f"extra.{index}", features[-1], channels))
    return features


def _tail(layers: Layers, value: Value) -> tuple[Value, Value]:
    """The last three blocks, half as wide as in a classifier: what the first widens, their end."""
    first, *rest = (
        replace(block, wide=block.wide if index == 0 else block.wide // 2,
                channels=block.channels // 2)
        for index, (_, block) in enumerate(_BLOCKS[_FIRST_READ:])
    )  # fmt: skip
    name = f"blocks.{_FIRST_READ}"
    wide = widened(layers, name, value, first, _STYLE)
    value = narrowed(layers, name, wide, first, _STYLE)
    for index, block in enumerate(rest, _FIRST_READ + 1):
        value = inverted_residual(layers, f"blocks.{index}", value, block, _STYLE)
    return wide, _normalised(layers, "head", value, HEAD_CHANNELS, activation="hard_swish")


def _extra(layers: Layers, name: str, value: Value, channels: int) -> Value:
    """Half of height and width, by a filter of each of half of the `channels`."""
    half = channels // 2
    value = _normalised(layers, f"{name}.reduce", value, half)
    value = _normalised(layers, f"{name}.depthwise", value, half, 3, 2, groups=half)
    return _normalised(layers, f"{name}.expand", value, channels)


def _head(layers: Layers, name: str, value: Value, numbers: int) -> Value:
    """So many `numbers` for each box at each place: (6·H·W)×`numbers`."""
    channels, height, width = value.shape
    value = _normalised(layers, f"{name}.depthwise", value, channels, 3, groups=channels)
    value = layers.conv(f"{name}.project", value, BOXES * numbers, bias=True)
    value = layers.reshape(f"{name}.split", value, BOXES, numbers, height, width)
    value = permute(layers, f"{name}.order", value, 0, 3, 4, 1, 2)
    return layers.reshape(name, value, height * width * BOXES, numbers)


def _normalised(
    layers: Layers,
    name: str,
    value: Value,
    channels: int,
    kernel: int = 1,
    stride: int = 1,
    *,
    groups: int = 1,
    activation: Activation = "relu6",
) -> Value:
    return layers.conv_norm(
        name, value, channels, kernel, stride, groups=groups, activation=activation,
        epsilon=BN_EPSILON,
    )  # fmt: skip


SSDLITE = Architecture("ssdlite", {}, _write)
