"""Tiny YOLO v2: a detector of nine convolutions, five boxes for each cell of 13×13.

    image N×3×416×416 ─ conv1 pool1 … conv6 pool6 ─ conv7 conv8 ─ conv9 ─ logits N×125×13×13

A box has x, y, width, height, confidence, and a score for each of 20 classes. Architecture: Redmon
and Farhadi, "YOLO9000: Better, Faster, Stronger", 2016, in its small form for PASCAL VOC.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers, Value

SIDE = 416
CHANNELS = (16, 32, 64, 128, 256, 512)
BOXES = 5
NUMBERS_PER_BOX = 4 + 1 + 20


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of Tiny YOLO v2 with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(TINY_YOLO, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    for number, channels in enumerate(CHANNELS, 1):
        value = layers.conv_norm(f"conv{number}", value, channels, 3, activation="leaky_relu")
        if number < len(CHANNELS):
            value = layers.max_pool(f"pool{number}", value, 2, 2)
    value = _pool_in_place(layers, f"pool{len(CHANNELS)}", value)
    for number in (7, 8):
        value = layers.conv_norm(f"conv{number}", value, 1024, 3, activation="leaky_relu")
    layers.output(layers.conv("logits", value, BOXES * NUMBERS_PER_BOX, bias=True))


def _pool_in_place(layers: Layers, name: str, value: Value) -> Value:
    """The largest of each 2×2 at stride 1; the last row and column have less to choose from."""
    return layers.node(
        "MaxPool",
        name,
        [value.name],
        value.shape,
        kernel_shape=[2, 2],
        strides=[1, 1],
        pads=[0, 0, 1, 1],
    )


TINY_YOLO = Architecture("tiny_yolo", {}, _write)
