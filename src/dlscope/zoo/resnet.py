"""ResNet-14 to ResNet-152: image classifiers of residual blocks.

    image N×3×224×224 ─ conv1 ─ pool ─ layer1 … layer4 ─ average ─ fc ─ logits N×1000

A block adds its input to two 3×3 convolutions (18 and 34), or to a bottleneck of 1×1, 3×3 and 1×1
ones. Architecture: He et al., "Deep Residual Learning for Image Recognition", 2015 (v1, which
halves the image in the first 1×1 of a bottleneck); v1.5 halves it in the 3×3 and is what
frameworks ship. The paper has 18, 34, 50, 101 and 152; 14, 26 and 38 have one, two and three
bottlenecks in each stage, as libraries of image networks name them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dlscope.zoo.architecture import (
    CLASSES,
    SIDE,
    Architecture,
    Choice,
    Options,
    draw_network,
)
from dlscope.zoo.blocks import Layers
from dlscope.zoo.residual import Branch, Convolution, bottleneck, residual_block

REPEATS: Mapping[str, tuple[int, int, int, int]] = {
    "14": (1, 1, 1, 1),
    "18": (2, 2, 2, 2),
    "26": (2, 2, 2, 2),
    "34": (3, 4, 6, 3),
    "38": (3, 3, 3, 3),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}
EXPANSION = 4
"""How many times as many channels a bottleneck ends in as its stage is named for."""
_BASIC = ("18", "34")


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of ResNet-`depth` with weights from `seed`: `image` → `logits`.

    `options["form"]` is v1.5, unless v1 is asked for. Raises `GraphError` for other options.
    """
    return draw_network(RESNET, weights, options)


def write_resnet(layers: Layers, depth: str, branch: Callable[[int, int], Branch]) -> None:
    """The whole network; `branch` gives what a block adds, from channels of its stage and stride.

    The stages have 64, 128, 256 and 512 channels.
    """
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv("conv1", value, 64, 7, 2)
    value = layers.activate("relu", layers.batch_norm("bn1", value), "relu")
    value = layers.max_pool("maxpool", value, 3, 2, 1)
    for stage, repeats in enumerate(REPEATS[depth]):
        for index in range(repeats):
            stride = 2 if stage > 0 and index == 0 else 1
            name = f"layer{stage + 1}.{index}"
            value = residual_block(layers, name, value, branch(64 << stage, stride))
    layers.classify("fc", value, CLASSES)


def _write(layers: Layers, options: Options) -> None:
    def branch(channels: int, stride: int) -> Branch:
        if options["depth"] in _BASIC:
            return Convolution(channels, 3, stride), Convolution(channels, 3)
        strides = (stride, 1) if options["form"] == "v1" else (1, stride)
        return bottleneck(channels, channels * EXPANSION, strides)

    write_resnet(layers, options["depth"], branch)


RESNET = Architecture(
    "resnet",
    {"depth": Choice(tuple(REPEATS)), "form": Choice(("v1.5", "v1"), "v1.5")},
    _write,
)
