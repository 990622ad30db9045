"""ResNeXt-50 32×4d and 101 32×8d: ResNets whose 3×3 convolutions are in 32 groups.

    image N×3×224×224 ─ conv1 ─ pool ─ layer1 … layer4 ─ average ─ fc ─ logits N×1000

The groups are 4 or 8 channels wide in the first stage, and twice as wide in each next one.
Architecture: Xie et al., "Aggregated Residual Transformations for Deep Neural Networks", 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.residual import Branch, bottleneck
from dlscope.zoo.resnet import EXPANSION, write_resnet

GROUPS = 32
WIDTHS: Mapping[str, int] = {"50": 4, "101": 8}
"""Channels of a group in the first stage, whose name is 64."""


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of ResNeXt-`depth` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(RESNEXT, weights, options)


def _write(layers: Layers, options: Options) -> None:
    width = WIDTHS[options["depth"]]

    def branch(channels: int, stride: int) -> Branch:
        inner = channels * GROUPS * width // 64
        return bottleneck(inner, channels * EXPANSION, (1, stride), groups=GROUPS)

    write_resnet(layers, options["depth"], branch)


RESNEXT = Architecture("resnext", {"depth": Choice(tuple(WIDTHS))}, _write)
