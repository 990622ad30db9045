"""Wide ResNet-50-2 and 101-2: ResNets whose bottlenecks are twice as wide inside.

    image N×3×224×224 ─ conv1 ─ pool ─ layer1 … layer4 ─ average ─ fc ─ logits N×1000

Architecture: Zagoruyko and Komodakis, "Wide Residual Networks", 2016, on He et al., "Deep Residual
Learning for Image Recognition", 2015, in the form v1.5 that frameworks ship.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.residual import Branch, bottleneck
from dlscope.zoo.resnet import EXPANSION, write_resnet

WIDENING = 2


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of Wide ResNet-`depth`-2 with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(WIDE_RESNET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    write_resnet(layers, options["depth"], _branch)


def _branch(channels: int, stride: int) -> Branch:
    return bottleneck(channels * WIDENING, channels * EXPANSION, (1, stride))


WIDE_RESNET = Architecture("wide_resnet", {"depth": Choice(("50", "101"))}, _write)
