"""MnasNet 1.0: an image classifier found by a search for latency on telephones.

    image N×3×224×224 ─ stem ─ blocks.0 … blocks.16 ─ head ─ average ─ logits N×1000

Architecture: Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", 2019,
form B1, without excitation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.inverted_residual import Stage, Style, write_stages

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
_STYLE = Style("relu")
STAGES = (
    Stage(1, 16, 1, 1),
    Stage(3, 24, 3, 2),
    Stage(3, 40, 3, 2, kernel=5),
    Stage(6, 80, 3, 2, kernel=5),
    Stage(6, 96, 2, 1),
    Stage(6, 192, 4, 2, kernel=5),
    Stage(6, 320, 1, 1),
)


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of MnasNet with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(MNASNET, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 3, 2)
    value = write_stages(layers, value, STAGES, _STYLE)
    value = layers.conv_norm("head", value, HEAD_CHANNELS)
    layers.classify("classifier", value, CLASSES)


MNASNET = Architecture("mnasnet", {}, _write)
