"""VGG-11, 13, 16 and 19: image classifiers of 3×3 convolutions and three wide layers.

    image N×3×224×224 ─ 5 stages of convolutions, each halved by a pool ─ fc6 ─ fc7 ─ logits N×1000

Architecture: Simonyan and Zisserman, "Very Deep Convolutional Networks", 2014, configurations A,
B, D and E. Dropout does nothing outside of training and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers

CHANNELS = (64, 128, 256, 512, 512)
REPEATS: Mapping[str, tuple[int, int, int, int, int]] = {
    "11": (1, 1, 2, 2, 2),
    "13": (2, 2, 2, 2, 2),
    "16": (2, 2, 3, 3, 3),
    "19": (2, 2, 4, 4, 4),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of VGG-`depth` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(VGG, weights, options)


def _write(layers: Layers, options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    for stage, repeats in enumerate(REPEATS[options["depth"]]):
        for index in range(repeats):
            name = f"{stage + 1}_{index + 1}"
            value = layers.conv(f"conv{name}", value, CHANNELS[stage], 3, bias=True)
            value = layers.activate(f"relu{name}", value, "relu")
        value = layers.max_pool(f"pool{stage + 1}", value, 2, 2)
    value = layers.flatten("flatten", value)
    for number in (6, 7):
        value = layers.activate(f"relu{number}", layers.linear(f"fc{number}", value, 4096), "relu")
    layers.output(layers.linear("fc8", value, CLASSES, output="logits"))


VGG = Architecture("vgg", {"depth": Choice(tuple(REPEATS))}, _write)
