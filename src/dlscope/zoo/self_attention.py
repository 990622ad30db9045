"""`SelfAttention`: tokens that look at one another, with several heads.

Axes: T tokens, D width, A heads. In each head

    attention(x) = softmax(q·kᵀ/√(D/A) + more)·v

(Vaswani et al., "Attention Is All You Need", 2017), where `more` is what a network adds to scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import numpy as np

from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.channels_last import linear, permute

Adjust = Callable[[Value], Value]
"""From scores A×T×T to scores of the same shape."""


def _keep(scores: Value) -> Value:
    return scores


@final
class SelfAttention:
    """Writes attention into `layers`: one for each network, whose constants its layers share."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        for index in range(3):
            layers.graph.constant(f"index.{index}", np.array(index))

    def write(self, name: str, value: Value, heads: int, adjust: Adjust = _keep) -> Value:
        """Tokens T×D that have looked at one another with `heads`, after a last linear layer."""
        layers, (tokens, width) = self._layers, value.shape
        query, key, values = self._project(name, value, heads)
        factor = layers.scalar(1 / math.sqrt(width // heads))
        query = layers.node("Mul", f"{name}.scaled", [query.name, factor], query.shape)
        key = permute(layers, f"{name}.key_t", key, 0, 1, 3, 2)
        square = (heads, tokens, tokens)
        scores = layers.node("MatMul", f"{name}.scores", [query.name, key.name], square)
        scores = adjust(scores)
        shares = layers.node("Softmax", f"{name}.shares", [scores.name], square, axis=-1)
        context = layers.node("MatMul", f"{name}.context", [shares.name, values.name], values.shape)
        back = permute(layers, f"{name}.back", context, 0, 2, 1, 3)
        joined = layers.reshape(f"{name}.joined", back, tokens, width)
        return linear(layers, f"{name}.project", joined, width)

    def _project(self, name: str, value: Value, heads: int) -> tuple[Value, Value, Value]:
        """Queries, keys and values: A×T×(D/A) each, out of one matrix product."""
        layers, (tokens, width) = self._layers, value.shape
        size = width // heads
        projected = linear(layers, f"{name}.qkv", value, 3 * width)
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
        return query, key, values
