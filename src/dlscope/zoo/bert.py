"""BERT: a transformer encoder of text, from token ids to one vector per token.

Axes: N texts, T tokens, H hidden size, A heads, D = H/A. A layer is attention and a two-layer
perceptron, each added to its input and normalised:

    attention(x) = softmax(q·kᵀ/√D + mask)·v        gelu(x) = x·(1 + erf(x/√2))/2

Devlin et al., "BERT", 2018. Matrices are stored H_out×H_in in the file and transposed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import GraphError
from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.graph.checkpoint import read_checkpoint
from dlscope.zoo.network import require_number, require_options
from dlscope.zoo.parameters import Law, Shape, draw
from dlscope.zoo.weights import Weights

LAYER_NORM_EPSILON = 1e-12
# e^−10000 is 0 in float32, and −10000 itself still fits float16, unlike the smallest float32.
MASKED = -10_000.0
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_TYPES = "embeddings.token_type_embeddings.weight"
_UNUSED = ("pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids")


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a BERT encoder: three int64 inputs N×T → `last_hidden_state` N×T×H.

    The inputs are `input_ids`, `attention_mask` (1 for a token, 0 for padding) and
    `token_type_ids`, unless there are no types. `options["heads"]` is the number of attention
    heads; every other size is read off the arrays. T may not exceed the number of position
    embeddings. Without a file, the arrays are those of `drawn_arrays`. Raises `GraphError` for
    heads that do not divide H, and for weights with a key missing or left over.
    """
    if weights is None:
        arrays = drawn_arrays(options)
        inputs = _INPUTS if _TYPES in arrays else _INPUTS[:2]
        return _encoder(arrays, inputs, options["heads"], where="generated:bert")
    require_options("bert", options, ["heads"])
    return _encoder(read_checkpoint(weights), _INPUTS, options["heads"], where=str(weights))


def drawn_arrays(options: Mapping[str, str]) -> Mapping[str, NDArray[np.float32]]:
    """The arrays of an encoder of `layers` layers and `hidden` size, drawn from `seed`.

    The perceptrons are four times as wide; the rest is as BERT was published: 30522 words, 512
    places, 2 types of text (or `types`, none of them with 0), and a deviation of 0.02. Raises
    `GraphError` for other options.
    """
    options = {"types": "2", **options}
    require_options("bert", options, ["heads", "layers", "hidden", "types", "seed"])
    layers, hidden, types, seed = (
        require_number("bert", key, options[key], least)
        for key, least in (("layers", 1), ("hidden", 1), ("types", 0), ("seed", 0))
    )
    return {
        name: draw(seed, name, shape, _law(name, shape))
        for name, shape in _shapes(layers, hidden, types).items()
    }


def _encoder(
    arrays: Mapping[str, NDArray[Any]], inputs: Sequence[str], heads: str, *, where: str
) -> bytes:
    weights = Weights(arrays, where=where)
    graph = GraphBuilder("bert")
    for name in inputs:
        graph.input(name, "int64", ("N", "T"))
    encoder = _Encoder(graph, weights, heads)
    value = encoder.embeddings(has_types="token_type_ids" in inputs)
    mask = encoder.mask()
    layers = max(1, weights.count("encoder.layer.{}.attention.self.query.weight"))
    for index in range(layers):
        value = encoder.layer(f"encoder.layer.{index}", value, mask, last=index == layers - 1)
    graph.output(value, "float32", ("N", "T", encoder.hidden))
    weights.finish(unused=lambda name: name in _UNUSED)
    return serialize(graph.finish())


def _shapes(layers: int, hidden: int, types: int) -> Mapping[str, Shape]:
    """The arrays of an encoder by name."""
    shapes: dict[str, Shape] = {
        "embeddings.word_embeddings.weight": (30522, hidden),
        "embeddings.position_embeddings.weight": (512, hidden),
        **({_TYPES: (types, hidden)} if types else {}),
        **_norm_shapes("embeddings.LayerNorm", hidden),
    }
    for index in range(layers):
        name = f"encoder.layer.{index}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= _linear_shapes(f"{name}.attention.{part}", hidden, hidden)
        shapes |= _norm_shapes(f"{name}.attention.output.LayerNorm", hidden)
        shapes |= _linear_shapes(f"{name}.intermediate.dense", 4 * hidden, hidden)
        shapes |= _linear_shapes(f"{name}.output.dense", hidden, 4 * hidden)
        shapes |= _norm_shapes(f"{name}.output.LayerNorm", hidden)
    return shapes


def _linear_shapes(name: str, outputs: int, inputs: int) -> Mapping[str, Shape]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm_shapes(name: str, hidden: int) -> Mapping[str, Shape]:
    return {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}


def _law(name: str, shape: Shape) -> Law:
    """A vector of weights is the scale of a normalisation, which is near 1."""
    is_scale = len(shape) == 1 and name.endswith(".weight")
    return Law(1.0 if is_scale else 0.0, 0.02)


@final
class _Encoder:
    """Writes the parts of the encoder into a graph; each returns the name of its value."""

    def __init__(self, graph: GraphBuilder, weights: Weights, heads: str) -> None:
        self._graph = graph
        self._weights = weights
        self._words = weights.take("embeddings.word_embeddings.weight", None, None)
        self.hidden = self._words.shape[1]
        self._heads = _heads(heads, self.hidden)
        self._scalar("half", 0.5)
        self._scalar("one", 1.0)
        self._scalar("inverse_sqrt_2", 1 / math.sqrt(2))
        size = self.hidden // self._heads
        graph.constant("split_heads", np.array([0, 0, self._heads, size]))
        graph.constant("join_heads", np.array([0, 0, self.hidden]))

    def embeddings(self, *, has_types: bool) -> str:
        """Words, places and, if there are any, text types added up and normalised: N×T×H."""
        graph, take = self._graph, self._weights.take
        words = graph.constant("words", self._words.astype(np.float32))
        places = take("embeddings.position_embeddings.weight", None, self.hidden)
        graph.constant("places", places.astype(np.float32))
        if has_types:
            graph.constant("types", take(_TYPES, None, self.hidden).astype(np.float32))
        graph.constant("first", np.array([0]))
        length = graph.node("Shape", ["input_ids"], output="length", start=1, end=2)
        value = graph.node("Gather", [words, "input_ids"], output="embeddings.words")
        place = graph.node("Slice", ["places", "first", length], output="embeddings.places")
        if has_types:
            kind = graph.node("Gather", ["types", "token_type_ids"], output="embeddings.types")
            value = graph.node("Add", [value, kind], output="embeddings.words_and_types")
        return self._add_and_norm("embeddings", value, place, "embeddings.LayerNorm", "embeddings")

    def mask(self) -> str:
        """What is added to the scores: 0 for a token, `MASKED` for padding; N×1×1×T."""
        graph = self._graph
        axes = graph.constant("mask_axes", np.array([1, 2]))
        spread = graph.node("Unsqueeze", ["attention_mask", axes], output="mask.spread")
        present = graph.node("Cast", [spread], output="mask.present", to=_FLOAT)
        absent = graph.node("Sub", ["one", present], output="mask.absent")
        return graph.node("Mul", [absent, self._scalar("masked", MASKED)], output="mask")

    def layer(self, name: str, value: str, mask: str, *, last: bool) -> str:
        """One transformer layer of `value`; the last one's result is the graph's output."""
        context = self._attention(f"{name}.attention", value, mask)
        attended = self._add_and_norm(
            f"{name}.attention.output",
            self._linear(f"{name}.attention.output.dense", context, self.hidden),
            value,
            f"{name}.attention.output.LayerNorm",
            f"{name}.attended",
        )
        wide = self._gelu(name, self._linear(f"{name}.intermediate.dense", attended, self.hidden))
        narrow = self._linear(f"{name}.output.dense", wide, None)
        result = "last_hidden_state" if last else f"{name}.result"
        return self._add_and_norm(
            f"{name}.output", narrow, attended, f"{name}.output.LayerNorm", result
        )

    def _attention(self, name: str, value: str, mask: str) -> str:
        graph = self._graph
        # Scaling the queries' weights by 1/√D scales every score.
        scale = 1 / math.sqrt(self.hidden // self._heads)
        query = self._split(f"{name}.self.query", value, [0, 2, 1, 3], scale)
        key = self._split(f"{name}.self.key", value, [0, 2, 3, 1])
        values = self._split(f"{name}.self.value", value, [0, 2, 1, 3])
        scores = graph.node("MatMul", [query, key], output=f"{name}.scores")
        masked = graph.node("Add", [scores, mask], output=f"{name}.masked")
        shares = graph.node("Softmax", [masked], output=f"{name}.shares", axis=-1)
        context = graph.node("MatMul", [shares, values], output=f"{name}.context")
        back = graph.node("Transpose", [context], output=f"{name}.back", perm=[0, 2, 1, 3])
        return graph.node("Reshape", [back, "join_heads"], output=f"{name}.joined")

    def _split(self, name: str, value: str, axes: list[int], scale: float = 1.0) -> str:
        projected = self._linear(name, value, self.hidden, scale)
        split = self._graph.node("Reshape", [projected, "split_heads"], output=f"{name}.split")
        return self._graph.node("Transpose", [split], output=f"{name}.heads", perm=axes)

    def _linear(self, name: str, value: str, inputs: int | None, scale: float = 1.0) -> str:
        graph = self._graph
        weight = self._weights.take(f"{name}.weight", None, inputs) * scale
        bias = self._weights.take(f"{name}.bias", weight.shape[0]) * scale
        matrix = graph.constant(f"{name}.weight", weight.T.astype(np.float32))
        offset = graph.constant(f"{name}.bias", bias.astype(np.float32))
        product = graph.node("MatMul", [value, matrix], output=f"{name}.product")
        return graph.node("Add", [product, offset], output=name)

    def _gelu(self, name: str, value: str) -> str:
        graph = self._graph
        scaled = graph.node("Mul", [value, "inverse_sqrt_2"], output=f"{name}.gelu.scaled")
        erf = graph.node("Erf", [scaled], output=f"{name}.gelu.erf")
        gate = graph.node("Add", [erf, "one"], output=f"{name}.gelu.gate")
        gated = graph.node("Mul", [value, gate], output=f"{name}.gelu.gated")
        return graph.node("Mul", [gated, "half"], output=f"{name}.gelu")

    def _add_and_norm(self, name: str, value: str, other: str, norm: str, output: str) -> str:
        graph, take = self._graph, self._weights.take
        scale = take(f"{norm}.weight", self.hidden).astype(np.float32)
        shift = take(f"{norm}.bias", self.hidden).astype(np.float32)
        total = graph.node("Add", [value, other], output=f"{name}.sum")
        return graph.node(
            "LayerNormalization",
            [total, graph.constant(f"{norm}.weight", scale), graph.constant(f"{norm}.bias", shift)],
            output=output,
            axis=-1,
            epsilon=LAYER_NORM_EPSILON,
        )

    def _scalar(self, name: str, value: float) -> str:
        return self._graph.constant(name, np.float32(value))


_FLOAT = 1
"""ONNX's number for float32."""


def _heads(text: str, hidden: int) -> int:
    heads = int(text) if text.isascii() and text.isdigit() else 0
    if heads < 1 or hidden % heads:
        raise GraphError(
            f"{text!r} heads do not divide the hidden size {hidden}",
            where="generated:bert",
            fix="give the number of attention heads of the trained model, such as heads=12",
        )
    return heads
