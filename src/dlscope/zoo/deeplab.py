"""DeepLabV3 on MobileNetV2: a class for each pixel, in the form for telephones.

    image N×3×S×S ─ MobileNetV2 features, 1/16 ─ ┬ 1×1 ───────────────┬ 1×1 ─ 1×1 ─ ×16 ─ logits
                                                 └ mean ─ 1×1 ─ spread ┘

The pyramid has its 1×1 and its mean branch alone. Architecture: Chen et al., "Rethinking Atrous
Convolution for Semantic Image Segmentation", 2017, on Sandler et al., "MobileNetV2", 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import SIDE, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.mobilenet_v2 import write_features

CLASSES = 21
"""The classes of PASCAL VOC and the background."""
PYRAMID_CHANNELS = 256
REDUCTION = 16


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of DeepLabV3 with weights from `seed`: `image` → `logits` N×21×224×224.

    Raises `GraphError` for other options.
    """
    return draw_network(DEEPLAB, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    features = write_features(layers, layers.input("image", 3, SIDE, SIDE), REDUCTION)
    local = layers.conv_norm("pyramid.local", features, PYRAMID_CHANNELS)
    mean = layers.global_pool("pyramid.average", features)
    mean = layers.conv_norm("pyramid.global", mean, PYRAMID_CHANNELS)
    mean = layers.enlarge("pyramid.spread", mean, SIDE // REDUCTION)
    value = layers.concat("pyramid.concat", [local, mean])
    value = layers.conv_norm("pyramid.project", value, PYRAMID_CHANNELS)
    value = layers.conv("classifier", value, CLASSES, bias=True)
    layers.output(layers.enlarge("logits", value, REDUCTION))


DEEPLAB = Architecture("deeplab", {}, _write)
