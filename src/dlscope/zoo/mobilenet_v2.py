"""MobileNetV2: an image classifier of inverted residual blocks for telephones.

    image N×3×224×224 ─ stem ─ blocks.0 … blocks.16 ─ head ─ average ─ logits N×1000

Architecture: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.inverted_residual import Stage, Style, write_stages

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
_STYLE = Style("relu6")
STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of MobileNetV2 with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(MOBILENET_V2, weights, options)


def write_features(layers: Layers, value: Value, reduction: int = 32) -> Value:
    """`value` through the stem and all blocks: 320 channels, 1/`reduction` of its side."""
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 3, 2, activation="relu6")
    return write_stages(layers, value, STAGES, _STYLE, reduction)


def _write(layers: Layers, _options: Options) -> None:
    value = write_features(layers, layers.input("image", 3, SIDE, SIDE))
    value = layers.conv_norm("head", value, HEAD_CHANNELS, activation="relu6")
    layers.classify("classifier", value, CLASSES)


MOBILENET_V2 = Architecture("mobilenet_v2", {}, _write)
