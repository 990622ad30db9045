"""ResNet-18, 34, 50, 101 and 152: image classifiers of residual blocks.

    image N×3×224×224 ─ conv1 ─ pool ─ layer1 … layer4 ─ average ─ fc ─ logits N×1000

A block adds its input to two 3×3 convolutions, or to a bottleneck of 1×1, 3×3 and 1×1 ones.
Architecture: He et al., "Deep Residual Learning for Image Recognition", 2015 (v1, which halves the
image in the first 1×1 of a bottleneck); v1.5 halves it in the 3×3 and is what frameworks ship.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import (
    CLASSES,
    SIDE,
    Architecture,
    Choice,
    Options,
    draw_network,
)
from dlscope.zoo.blocks import Layers, Value

REPEATS: Mapping[str, tuple[int, int, int, int]] = {
    "18": (2, 2, 2, 2),
    "34": (3, 4, 6, 3),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}
_BASIC = ("18", "34")
_EXPANSION = 4
_BRANCH_SCALE = 0.3


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of ResNet-`depth` with weights from `seed`: `image` → `logits`.

    `options["form"]` is v1.5, unless v1 is asked for. Raises `GraphError` for other options.
    """
    return draw_network(RESNET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv("conv1", value, 64, 7, 2)
    value = layers.activate("relu", layers.batch_norm("bn1", value), "relu")
    value = layers.max_pool("maxpool", value, 3, 2, 1)
    for stage, repeats in enumerate(REPEATS[options["depth"]]):
        for index in range(repeats):
            stride = 2 if stage > 0 and index == 0 else 1
            branch = _convolutions(options, 64 << stage, stride)
            value = _block(layers, f"layer{stage + 1}.{index}", value, branch)
    layers.classify("fc", value, CLASSES)


@dataclass(frozen=True)
class _Convolution:
    channels: int
    kernel: int
    stride: int = 1


def _convolutions(options: Options, channels: int, stride: int) -> tuple[_Convolution, ...]:
    """What the branch of a block consists of."""
    if options["depth"] in _BASIC:
        return _Convolution(channels, 3, stride), _Convolution(channels, 3)
    strides = (stride, 1) if options["form"] == "v1" else (1, stride)
    return (
        _Convolution(channels, 1, strides[0]),
        _Convolution(channels, 3, strides[1]),
        _Convolution(channels * _EXPANSION, 1),
    )


def _block(layers: Layers, name: str, value: Value, branch: Sequence[_Convolution]) -> Value:
    """The branch and `value`, projected where the branch changes its shape, added up; ReLU."""
    shortcut = value
    for number, each in enumerate(branch, 1):
        last = number == len(branch)
        value = layers.conv(f"{name}.conv{number}", value, each.channels, each.kernel, each.stride)
        scale = _BRANCH_SCALE if last else 1.0
        value = layers.batch_norm(f"{name}.bn{number}", value, scale=scale)
        if not last:
            value = layers.activate(f"{name}.relu{number}", value, "relu")
    if shortcut.shape != value.shape:
        stride = math.prod(each.stride for each in branch)
        shortcut = layers.conv(f"{name}.downsample.0", shortcut, value.channels, 1, stride)
        shortcut = layers.batch_norm(f"{name}.downsample.1", shortcut)
    return layers.activate(f"{name}.relu", layers.add(f"{name}.add", value, shortcut), "relu")


RESNET = Architecture(
    "resnet",
    {"depth": Choice(tuple(REPEATS)), "form": Choice(("v1.5", "v1"), "v1.5")},
    _write,
)
