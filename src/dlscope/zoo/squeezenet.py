"""SqueezeNet 1.0 and 1.1: image classifiers of "fire" modules with few parameters.

    image N×3×224×224 ─ conv1 ─ fire2 … fire9 ─ conv10 ─ average ─ logits N×1000

A fire module squeezes by a 1×1 convolution and expands by a 1×1 and a 3×3 one, side by side.
Architecture: Iandola et al., "SqueezeNet", 2016; 1.1 is its authors' cheaper revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

SQUEEZE = (16, 16, 32, 32, 48, 48, 64, 64)
"""Channels of fire2 … fire9 when squeezed; each of the expanding sides has four times as many."""


@dataclass(frozen=True)
class Version:
    """What the versions differ in: the first convolution, and the fire modules before a pool."""

    channels: int
    kernel: int
    pools: tuple[int, int]


VERSIONS: Mapping[str, Version] = {"1.0": Version(96, 7, (4, 8)), "1.1": Version(64, 3, (3, 5))}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of SqueezeNet `version` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(SQUEEZENET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    version = VERSIONS[options["version"]]
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv("conv1", value, version.channels, version.kernel, 2, 0, bias=True)
    value = layers.activate("relu1", value, "relu")
    value = layers.max_pool("pool1", value, 3, 2, ceil=True)
    for number, channels in enumerate(SQUEEZE, 2):
        value = _fire(layers, f"fire{number}", value, channels)
        if number in version.pools:
            value = layers.max_pool(f"pool{number}", value, 3, 2, ceil=True)
    value = layers.conv("conv10", value, CLASSES, bias=True)
    value = layers.global_pool("average", layers.activate("relu10", value, "relu"))
    layers.output(layers.flatten("logits", value))


def _fire(layers: Layers, name: str, value: Value, channels: int) -> Value:
    value = layers.conv(f"{name}.squeeze", value, channels, bias=True)
    value = layers.activate(f"{name}.squeeze_relu", value, "relu")
    sides = []
    for kernel in (1, 3):
        side = f"{name}.expand{kernel}x{kernel}"
        wide = layers.conv(side, value, 4 * channels, kernel, bias=True)
        sides.append(layers.activate(f"{side}_relu", wide, "relu"))
    return layers.concat(f"{name}.concat", sides)


SQUEEZENET = Architecture("squeezenet", {"version": Choice(tuple(VERSIONS))}, _write)
