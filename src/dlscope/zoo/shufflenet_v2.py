"""ShuffleNetV2: image classifiers that leave half of the channels alone and then shuffle them.

    image N×3×224×224 ─ stem ─ stage2 stage3 stage4 ─ head ─ average ─ fc ─ logits N×1000

Architecture: Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture
Design", 2018, of the widths 0.5, 1.0, 1.5 and 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

STEM_CHANNELS = 24
REPEATS = (4, 8, 4)
WIDTHS: Mapping[str, tuple[int, int, int, int]] = {
    "0.5": (48, 96, 192, 1024),
    "1.0": (116, 232, 464, 1024),
    "1.5": (176, 352, 704, 1024),
    "2.0": (244, 488, 976, 2048),
}
"""Channels of the stages and of the head."""


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of ShuffleNetV2 of a `width` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(SHUFFLENET_V2, weights, options)


def _write(layers: Layers, options: Options) -> None:
    *widths, head = WIDTHS[options["width"]]
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 3, 2)
    value = layers.max_pool("stem.pool", value, 3, 2, 1)
    layers.graph.constant("channel_axis", np.array([1]))
    for stage, (channels, repeats) in enumerate(zip(widths, REPEATS, strict=True), 2):
        value = _reduction(layers, f"stage{stage}.0", value, channels)
        for index in range(1, repeats):
            value = _block(layers, f"stage{stage}.{index}", value)
    layers.classify("fc", layers.conv_norm("head", value, head), CLASSES)


def _reduction(layers: Layers, name: str, value: Value, channels: int) -> Value:
    """Two branches that halve the image, of half the `channels` each."""
    left = _depthwise(layers, f"{name}.left.depthwise", value, 2)
    left = layers.conv_norm(f"{name}.left.project", left, channels // 2)
    return _shuffled(layers, name, left, _branch(layers, name, value, channels // 2, 2))


def _block(layers: Layers, name: str, value: Value) -> Value:
    """The first half of the channels as it is, the second half through a branch."""
    half = value.channels // 2
    left = _channels(layers, f"{name}.left", value, 0, half)
    right = _channels(layers, f"{name}.right", value, half, value.channels)
    return _shuffled(layers, name, left, _branch(layers, name, right, half, 1))


def _branch(layers: Layers, name: str, value: Value, channels: int, stride: int) -> Value:
    value = layers.conv_norm(f"{name}.right.expand", value, channels)
    value = _depthwise(layers, f"{name}.right.depthwise", value, stride)
    return layers.conv_norm(f"{name}.right.project", value, channels)


def _depthwise(layers: Layers, name: str, value: Value, stride: int) -> Value:
    channels = value.channels
    return layers.conv_norm(name, value, channels, 3, stride, groups=channels, activation=None)


def _channels(layers: Layers, name: str, value: Value, start: int, end: int) -> Value:
    graph = layers.graph
    bounds = [
        graph.constant(f"{name}.{k}", np.array([v])) for k, v in (("start", start), ("end", end))
    ]
    shape = (end - start, *value.shape[1:])
    return layers.node("Slice", name, [value.name, *bounds, "channel_axis"], shape)


def _shuffled(layers: Layers, name: str, left: Value, right: Value) -> Value:
    """The channels of `left` and `right` by turns: left 0, right 0, left 1, right 1 and so on."""
    value = layers.concat(f"{name}.concat", [left, right])
    channels, *sides = value.shape
    value = layers.reshape(f"{name}.halves", value, 2, channels // 2, *sides)
    shape = (channels // 2, 2, *sides)
    value = layers.node("Transpose", f"{name}.shuffle", [value.name], shape, perm=[0, 2, 1, 3, 4])
    return layers.reshape(f"{name}.joined", value, channels, *sides)


SHUFFLENET_V2 = Architecture("shufflenet_v2", {"width": Choice(tuple(WIDTHS), "1.0")}, _write)
