"""DenseNet-121, 169 and 201: image classifiers in which a layer reads all earlier ones.

    image N×3×224×224 ─ stem ─ 4 dense blocks, halved in between ─ average ─ logits N×1000

A dense layer normalises what is there, and adds 32 channels to it by a 1×1 and a 3×3 convolution.
Architecture: Huang et al., "Densely Connected Convolutional Networks", 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

STEM_CHANNELS = 64
GROWTH = 32
BOTTLENECK = 4 * GROWTH
REPEATS: Mapping[str, tuple[int, int, int, int]] = {
    "121": (6, 12, 24, 16),
    "169": (6, 12, 32, 32),
    "201": (6, 12, 48, 32),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of DenseNet-`depth` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(DENSENET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv_norm("stem", value, STEM_CHANNELS, 7, 2)
    value = layers.max_pool("stem.pool", value, 3, 2, 1)
    for block, repeats in enumerate(REPEATS[options["depth"]], 1):
        if block > 1:
            value = _transition(layers, f"transition{block - 1}", value)
        for index in range(repeats):
            value = _dense_layer(layers, f"block{block}.{index}", value)
    layers.classify("classifier", _normalised(layers, "norm", value), CLASSES)


def _normalised(layers: Layers, name: str, value: Value) -> Value:
    return layers.activate(f"{name}.relu", layers.batch_norm(f"{name}.bn", value), "relu")


def _dense_layer(layers: Layers, name: str, value: Value) -> Value:
    new = _normalised(layers, f"{name}.1", value)
    new = layers.conv(f"{name}.1.conv", new, BOTTLENECK)
    new = _normalised(layers, f"{name}.2", new)
    new = layers.conv(f"{name}.2.conv", new, GROWTH, 3)
    return layers.concat(f"{name}.concat", [value, new])


def _transition(layers: Layers, name: str, value: Value) -> Value:
    halved = layers.conv(f"{name}.conv", _normalised(layers, name, value), value.channels // 2)
    return layers.average_pool(f"{name}.pool", halved, 2, 2)


DENSENET = Architecture("densenet", {"depth": Choice(tuple(REPEATS))}, _write)
