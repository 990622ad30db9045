"""RegNetX-400MF and RegNetY-400MF: image classifiers whose widths follow a straight line.

    image N×3×224×224 ─ stem ─ stage1 … stage4, each halved ─ average ─ fc ─ logits N×1000

A block is a bottleneck that is as wide inside as outside, its 3×3 convolution in groups; the form
Y excites channels behind it. Architecture: Radosavovic et al., "Designing Network Design Spaces",
2020. The paper ends RegNetX-400MF in 384 channels, 24.5 groups of 16 rounded to even; torchvision
rounds them up to 400, and this is its network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.residual import bottleneck, residual_block

STEM_CHANNELS = 32
EXCITED_SHARE = 0.25
"""Channels inside an excitation, as a share of those that the block reads."""


@dataclass(frozen=True)
class Form:
    """Width and number of blocks of each stage, the width of a group, and whether it excites."""

    widths: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]
    group_width: int
    excite: bool


FORMS: Mapping[str, Form] = {
    "x": Form((32, 64, 160, 400), (1, 2, 7, 12), 16, excite=False),
    "y": Form((48, 104, 208, 440), (1, 3, 6, 6), 8, excite=True),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a RegNet of a `form` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(REGNET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    form = FORMS[options["form"]]
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 3, 2)
    for stage, (width, depth) in enumerate(zip(form.widths, form.depths, strict=True), 1):
        for index in range(depth):
            excited = round(EXCITED_SHARE * value.channels) if form.excite else 0
            strides = (1, 2 if index == 0 else 1)
            groups = width // form.group_width
            branch = bottleneck(width, width, strides, groups=groups, excited=excited)
            value = residual_block(layers, f"stage{stage}.{index}", value, branch)
    layers.classify("fc", value, CLASSES)


REGNET = Architecture("regnet", {"form": Choice(tuple(FORMS))}, _write)
