"""U-Net: a class for each pixel, by a way down to coarse features and a way up again.

    image N×3×224×224 ─ down0 ─ … ─ down3 ─ bottom ─ up3 ─ … ─ up0 ─ logits N×2×224×224

A step up also reads what the step down of the same size has made. Architecture: Ronneberger et
al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", 2015, with a quarter of its
channels, batch normalisation, and convolutions that keep the size.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import SIDE, Architecture, Number, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

LEVELS = 4
CLASSES = 2


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a U-Net with weights from `seed`: `image` → `logits`.

    `options["channels"]` is how many the first level has. Raises `GraphError` for others.
    """
    return draw_network(UNET, weights, options)


def _write(layers: Layers, options: Options) -> None:
    channels = int(options["channels"])
    value = layers.input("image", 3, SIDE, SIDE)
    made = []
    for level in range(LEVELS):
        made.append(_twice(layers, f"down{level}", value, channels << level))
        value = layers.max_pool(f"down{level}.pool", made[-1], 2, 2)
    value = _twice(layers, "bottom", value, channels << LEVELS)
    for level in reversed(range(LEVELS)):
        name = f"up{level}"
        value = _doubled(layers, f"{name}.double", value, channels << level)
        value = layers.concat(f"{name}.concat", [made[level], value])
        value = _twice(layers, name, value, channels << level)
    layers.output(layers.conv("logits", value, CLASSES, bias=True))


def _twice(layers: Layers, name: str, value: Value, channels: int) -> Value:
    for index in range(2):
        value = layers.conv_norm(f"{name}.{index}", value, channels, 3)
    return value


def _doubled(layers: Layers, name: str, value: Value, channels: int) -> Value:
    """Height and width doubled by a transposed convolution of 2×2."""
    weight = layers.weight(f"{name}.weight", (value.channels, channels, 2, 2), value.channels)
    shape = (channels, *(2 * side for side in value.shape[1:]))
    return layers.node(
        "ConvTranspose",
        name,
        [value.name, weight],
        shape,
        kernel_shape=[2, 2],
        strides=[2, 2],
    )


UNET = Architecture("unet", {"channels": Number("16")}, _write)
