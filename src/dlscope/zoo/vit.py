"""ViT: image classifiers that read an image as a text of 16×16 patches.

    image N×3×224×224 ─ patches N×197×D ─ layers.0 … layers.11 ─ head ─ logits N×1000

Axes: T = 196 patches and one token for the class, D width, A heads. A layer adds to its input
attention and then a two-layer perceptron, each of what is normalised first.

Architecture: Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020; the tiny size is of
Touvron et al., "Training data-efficient image transformers", 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.channels_last import layer_norm, perceptron, permute
from dlscope.zoo.parameters import Law
from dlscope.zoo.self_attention import SelfAttention

PATCH = 16
DEPTH = 12
LAYER_NORM_EPSILON = 1e-6
_TOKENS = (SIDE // PATCH) ** 2
_EMBEDDED = Law(0.0, 0.02)


@dataclass(frozen=True)
class Size:
    """What the sizes differ in."""

    width: int
    heads: int


SIZES: Mapping[str, Size] = {"tiny": Size(192, 3), "small": Size(384, 6), "base": Size(768, 12)}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a ViT of a `size` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(VIT, weights, options)


def _write(layers: Layers, options: Options) -> None:
    transformer = _Transformer(layers, SIZES[options["size"]])
    value = transformer.embed(layers.input("image", 3, SIDE, SIDE))
    for index in range(DEPTH):
        value = transformer.layer(f"layers.{index}", value)
    value = layer_norm(layers, "norm", value, LAYER_NORM_EPSILON)
    value = transformer.class_token(value)
    layers.output(layers.linear("head", value, CLASSES, output="logits"))


@final
class _Transformer:
    """Writes the parts of a transformer of one size; values are T×D behind the batch."""

    def __init__(self, layers: Layers, size: Size) -> None:
        self._layers = layers
        self._size = size
        self._attention = SelfAttention(layers)
        layers.graph.constant("class_axes", np.array([1, size.width]))

    def embed(self, image: Value) -> Value:
        """The patches, the class in front of them, and what tells their places."""
        layers, width = self._layers, self._size.width
        patches = layers.conv("patches", image, width, PATCH, PATCH, 0, bias=True)
        flat = layers.reshape("patches.flat", patches, width, _TOKENS)
        tokens = permute(layers, "patches.tokens", flat, 0, 2, 1)
        token = layers.parameter("class_token", (1, 1, width), _EMBEDDED)
        batch = layers.graph.node("Shape", [image.name], output="batch", start=0, end=1)
        axes = layers.graph.node("Concat", [batch, "class_axes"], output="class.axes", axis=0)
        first = layers.graph.node("Expand", [token, axes], output="class")
        shape = (1 + _TOKENS, width)
        joined = layers.node("Concat", "tokens", [first, tokens.name], shape, axis=1)
        places = layers.parameter("places", (1, *shape), _EMBEDDED)
        return layers.node("Add", "embedded", [joined.name, places], shape)

    def layer(self, name: str, value: Value) -> Value:
        """One layer: attention and perceptron, each added to what it reads."""
        layers = self._layers
        normal = layer_norm(layers, f"{name}.norm1", value, LAYER_NORM_EPSILON)
        attended = self._attention.write(f"{name}.attention", normal, self._size.heads)
        value = layers.add(f"{name}.add1", value, attended)
        normal = layer_norm(layers, f"{name}.norm2", value, LAYER_NORM_EPSILON)
        return layers.add(f"{name}.add2", value, perceptron(layers, f"{name}.mlp", normal))

    def class_token(self, value: Value) -> Value:
        """The first token alone."""
        inputs = [value.name, "index.0"]
        return self._layers.node("Gather", "class.result", inputs, value.shape[1:], axis=1)


VIT = Architecture("vit", {"size": Choice(tuple(SIZES))}, _write)
