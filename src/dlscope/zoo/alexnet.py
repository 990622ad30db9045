"""AlexNet: an image classifier of five convolutions, three of them in two groups.

    image N×3×227×227 ─ conv1 … conv5 ─ fc6 ─ fc7 ─ logits N×1000

Architecture: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
2012, as the Berkeley Vision and Learning Center published it: the response is normalised before
the pool. Dropout does nothing outside of training and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

SIDE = 227


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of AlexNet with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(ALEXNET, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv("conv1", value, 96, 11, 4, 0, bias=True)
    value = _normalised_pool(layers, 1, layers.activate("relu1", value, "relu"))
    value = layers.conv("conv2", value, 256, 5, groups=2, bias=True)
    value = _normalised_pool(layers, 2, layers.activate("relu2", value, "relu"))
    for number, channels, groups in ((3, 384, 1), (4, 384, 2), (5, 256, 2)):
        value = layers.conv(f"conv{number}", value, channels, 3, groups=groups, bias=True)
        value = layers.activate(f"relu{number}", value, "relu")
    value = layers.flatten("flatten", layers.max_pool("pool5", value, 3, 2))
    for number in (6, 7):
        value = layers.activate(f"relu{number}", layers.linear(f"fc{number}", value, 4096), "relu")
    layers.output(layers.linear("fc8", value, CLASSES, output="logits"))


def _normalised_pool(layers: Layers, number: int, value: Value) -> Value:
    name = f"norm{number}"
    value = layers.node(
        "LRN", name, [value.name], value.shape, size=5, alpha=1e-4, beta=0.75, bias=1.0
    )
    return layers.max_pool(f"pool{number}", value, 3, 2)


ALEXNET = Architecture("alexnet", {}, _write)
