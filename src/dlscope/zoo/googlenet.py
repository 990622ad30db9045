"""GoogLeNet: an image classifier of modules with four branches side by side.

    image N×3×224×224 ─ stem ─ 3a 3b ─ 4a … 4e ─ 5a 5b ─ average ─ fc ─ logits N×1000

Architecture: Szegedy et al., "Going deeper with convolutions", 2014, as frameworks ship it today:
batch normalisation behind every convolution, 3×3 in place of 5×5 in the third branch, and without
the classifiers beside the trunk, which only help to train it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

BN_EPSILON = 1e-3


@dataclass(frozen=True)
class Module:
    """Channels of the branches: 1×1; 1×1, 3×3; 1×1, 3×3; and 1×1 behind a pool."""

    first: int
    second: tuple[int, int]
    third: tuple[int, int]
    fourth: int


MODULES: Mapping[str, Module] = {
    "inception3a": Module(64, (96, 128), (16, 32), 32),
    "inception3b": Module(128, (128, 192), (32, 96), 64),
    "inception4a": Module(192, (96, 208), (16, 48), 64),
    "inception4b": Module(160, (112, 224), (24, 64), 64),
    "inception4c": Module(128, (128, 256), (24, 64), 64),
    "inception4d": Module(112, (144, 288), (32, 64), 64),
    "inception4e": Module(256, (160, 320), (32, 128), 128),
    "inception5a": Module(256, (160, 320), (32, 128), 128),
    "inception5b": Module(384, (192, 384), (48, 128), 128),
}
POOLS: Mapping[str, int] = {"inception3b": 3, "inception4e": 2}
"""Modules with a pool behind them, and the size of its windows."""


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of GoogLeNet with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(GOOGLENET, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = _convolution(layers, "conv1", value, 64, 7, 2)
    value = layers.max_pool("pool1", value, 3, 2, ceil=True)
    value = _convolution(layers, "conv2", value, 64)
    value = _convolution(layers, "conv3", value, 192, 3)
    value = layers.max_pool("pool3", value, 3, 2, ceil=True)
    for name, module in MODULES.items():
        value = _inception(layers, name, value, module)
        if name in POOLS:
            value = layers.max_pool(f"{name}.pool", value, POOLS[name], 2, ceil=True)
    layers.classify("fc", value, CLASSES)


def _inception(layers: Layers, name: str, value: Value, module: Module) -> Value:
    branches = [_convolution(layers, f"{name}.branch1", value, module.first)]
    for number, (narrow, wide) in ((2, module.second), (3, module.third)):
        branch = _convolution(layers, f"{name}.branch{number}.0", value, narrow)
        branches.append(_convolution(layers, f"{name}.branch{number}.1", branch, wide, 3))
    pooled = layers.max_pool(f"{name}.branch4.pool", value, 3, 1, 1)
    branches.append(_convolution(layers, f"{name}.branch4", pooled, module.fourth))
    return layers.concat(f"{name}.concat", branches)


def _convolution(
    layers: Layers, name: str, value: Value, channels: int, kernel: int = 1, stride: int = 1
) -> Value:
    return layers.conv_norm(name, value, channels, kernel, stride, epsilon=BN_EPSILON)


GOOGLENET = Architecture("googlenet", {}, _write)
