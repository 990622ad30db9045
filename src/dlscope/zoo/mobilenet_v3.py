"""MobileNetV3, small and large: image classifiers found by a search for latency on telephones.

    image N×3×224×224 ─ stem ─ blocks.0 … ─ head ─ average ─ hidden ─ logits N×1000

Architecture: Howard et al., "Searching for MobileNetV3", 2019, with 8-divisible widths inside the
excitation, as frameworks ship it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Activation, Layers
from dlscope.zoo.inverted_residual import Block, Style, inverted_residual

STEM_CHANNELS = 16
BN_EPSILON = 1e-3


@dataclass(frozen=True)
class Size:
    """The blocks with their activations, and how wide the two layers behind them are."""

    blocks: tuple[tuple[Activation, Block], ...]
    head: int
    hidden: int


SIZES: Mapping[str, Size] = {
    "small": Size(
        (
            ("relu", Block(16, 16, 3, 2, excite=True)),
            ("relu", Block(72, 24, 3, 2)),
            ("relu", Block(88, 24, 3, 1)),
            ("hard_swish", Block(96, 40, 5, 2, excite=True)),
            ("hard_swish", Block(240, 40, 5, 1, excite=True)),
            ("hard_swish", Block(240, 40, 5, 1, excite=True)),
            ("hard_swish", Block(120, 48, 5, 1, excite=True)),
            ("hard_swish", Block(144, 48, 5, 1, excite=True)),
            ("hard_swish", Block(288, 96, 5, 2, excite=True)),
            ("hard_swish", Block(576, 96, 5, 1, excite=True)),
            ("hard_swish", Block(576, 96, 5, 1, excite=True)),
        ),
        head=576,
        hidden=1024,
    ),
    "large": Size(
        (
            ("relu", Block(16, 16, 3, 1)),
            ("relu", Block(64, 24, 3, 2)),
            ("relu", Block(72, 24, 3, 1)),
            ("relu", Block(72, 40, 5, 2, excite=True)),
            ("relu", Block(120, 40, 5, 1, excite=True)),
            ("relu", Block(120, 40, 5, 1, excite=True)),
            ("hard_swish", Block(240, 80, 3, 2)),
            ("hard_swish", Block(200, 80, 3, 1)),
            ("hard_swish", Block(184, 80, 3, 1)),
            ("hard_swish", Block(184, 80, 3, 1)),
            ("hard_swish", Block(480, 112, 3, 1, excite=True)),
            ("hard_swish", Block(672, 112, 3, 1, excite=True)),
            ("hard_swish", Block(672, 160, 5, 2, excite=True)),
            ("hard_swish", Block(960, 160, 5, 1, excite=True)),
            ("hard_swish", Block(960, 160, 5, 1, excite=True)),
        ),
        head=960,
        hidden=1280,
    ),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of MobileNetV3 of a `size` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(MOBILENET_V3, weights, options)


def _write(layers: Layers, options: Options) -> None:
    size = SIZES[options["size"]]
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm(
        "stem", value, STEM_CHANNELS, 3, 2, activation="hard_swish", epsilon=BN_EPSILON
    )
    for index, (activation, block) in enumerate(size.blocks):
        style = Style(activation, BN_EPSILON)
        value = inverted_residual(layers, f"blocks.{index}", value, block, style)
    value = layers.conv_norm("head", value, size.head, activation="hard_swish", epsilon=BN_EPSILON)
    value = layers.flatten("flatten", layers.global_pool("average", value))
    value = layers.linear("hidden", value, size.hidden)
    value = layers.activate("hidden.hard_swish", value, "hard_swish")
    layers.output(layers.linear("classifier", value, CLASSES, output="logits"))


MOBILENET_V3 = Architecture("mobilenet_v3", {"size": Choice(tuple(SIZES))}, _write)
