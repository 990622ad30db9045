"""ViT: image classifiers that read an image as a text of 16×16 patches.

    image N×3×224×224 ─ patches N×197×D ─ layers.0 … layers.11 ─ head ─ logits N×1000

Axes: T = 196 patches and one token for the class, D width, A heads. A layer adds to its input
attention and then a two-layer perceptron, each of what is normalised first:

    attention(x) = softmax(q·kᵀ/√(D/A))·v           gelu(x) = x·(1 + erf(x/√2))/2

Architecture: Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020; the tiny size is of
Touvron et al., "Training data-efficient image transformers", 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.parameters import Law

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
    value = transformer.class_token(transformer.norm("norm", value))
    layers.output(layers.linear("head", value, CLASSES, output="logits"))


@final
class _Transformer:
    """Writes the parts of a transformer of one size; values are T×D behind the batch."""

    def __init__(self, layers: Layers, size: Size) -> None:
        self._layers = layers
        self._size = size
        graph = layers.graph
        for index in range(3):
            graph.constant(f"index.{index}", np.array(index))
        graph.constant("class_axes", np.array([1, size.width]))

    def embed(self, image: Value) -> Value:
        """The patches, the class in front of them, and what tells their places."""
        layers, width = self._layers, self._size.width
        patches = layers.conv("patches", image, width, PATCH, PATCH, 0, bias=True)
        flat = layers.reshape("patches.flat", patches, width, _TOKENS)
        tokens = self._permute("patches.tokens", flat, 0, 2, 1)
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
        layers, width = self._layers, self._size.width
        attended = self._attention(f"{name}.attention", self.norm(f"{name}.norm1", value))
        value = layers.add(f"{name}.add1", value, attended)
        hidden = self._linear(f"{name}.mlp.fc1", self.norm(f"{name}.norm2", value), 4 * width)
        hidden = self._gelu(f"{name}.mlp.gelu", hidden)
        return layers.add(f"{name}.add2", value, self._linear(f"{name}.mlp.fc2", hidden, width))

    def norm(self, name: str, value: Value) -> Value:
        """Each token with mean 0 and variance 1, scaled and shifted."""
        width, parameter = self._size.width, self._layers.parameter
        scale = parameter(f"{name}.weight", (width,), Law(1.0, 0.1))
        shift = parameter(f"{name}.bias", (width,), Law(0.0, 0.1))
        inputs = [value.name, scale, shift]
        return self._layers.node(
            "LayerNormalization", name, inputs, value.shape, axis=-1, epsilon=LAYER_NORM_EPSILON
        )

    def class_token(self, value: Value) -> Value:
        """The first token alone."""
        return self._pick("class.result", value, 0)

    def _attention(self, name: str, value: Value) -> Value:
        layers, heads, width = self._layers, self._size.heads, self._size.width
        tokens, size = value.channels, width // heads
        projected = self._linear(f"{name}.qkv", value, 3 * width)
        split = layers.reshape(f"{name}.split", projected, tokens, 3, heads, size)
        # The batch is the second axis for a while, behind query, key and value.
        ordered = layers.graph.node(
            "Transpose", [split.name], output=f"{name}.heads", perm=[2, 0, 3, 1, 4]
        )
        query, key, values = (
            layers.node(
                "Gather", f"{name}.{part}", [ordered, f"index.{index}"], (heads, tokens, size)
            )
            for index, part in enumerate(("query", "key", "value"))
        )
        factor = layers.scalar(1 / math.sqrt(size))
        query = layers.node("Mul", f"{name}.scaled", [query.name, factor], query.shape)
        key = self._permute(f"{name}.key_t", key, 0, 1, 3, 2)
        square = (heads, tokens, tokens)
        scores = layers.node("MatMul", f"{name}.scores", [query.name, key.name], square)
        shares = layers.node("Softmax", f"{name}.shares", [scores.name], square, axis=-1)
        context = layers.node("MatMul", f"{name}.context", [shares.name, values.name], values.shape)
        back = self._permute(f"{name}.back", context, 0, 2, 1, 3)
        return self._linear(
            f"{name}.project", layers.reshape(f"{name}.joined", back, tokens, width), width
        )

    def _linear(self, name: str, value: Value, outputs: int) -> Value:
        layers, inputs = self._layers, value.shape[-1]
        matrix = layers.weight(f"{name}.weight", (inputs, outputs), inputs)
        offset = layers.parameter(f"{name}.bias", (outputs,), Law(0.0, 0.1))
        shape = (*value.shape[:-1], outputs)
        product = layers.node("MatMul", f"{name}.product", [value.name, matrix], shape)
        return layers.node("Add", name, [product.name, offset], shape)

    def _gelu(self, name: str, value: Value) -> Value:
        node, scalar, shape = self._layers.node, self._layers.scalar, value.shape
        scaled = node("Mul", f"{name}.scaled", [value.name, scalar(1 / math.sqrt(2))], shape)
        erf = node("Erf", f"{name}.erf", [scaled.name], shape)
        gate = node("Add", f"{name}.gate", [erf.name, scalar(1.0)], shape)
        gated = node("Mul", f"{name}.gated", [value.name, gate.name], shape)
        return node("Mul", name, [gated.name, scalar(0.5)], shape)

    def _permute(self, name: str, value: Value, *order: int) -> Value:
        shape = [value.shape[axis - 1] for axis in order[1:]]
        return self._layers.node("Transpose", name, [value.name], shape, perm=order)

    def _pick(self, name: str, value: Value, index: int) -> Value:
        inputs = [value.name, f"index.{index}"]
        return self._layers.node("Gather", name, inputs, value.shape[1:], axis=1)


VIT = Architecture("vit", {"size": Choice(tuple(SIZES))}, _write)
