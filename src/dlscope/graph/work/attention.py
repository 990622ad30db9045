"""Fused attention: both products and the softmax between them, as when it is decomposed.

N batch, S queries, T keys (those of the past included), H_q and H_v the width of all heads
together: N·S·T·(H_q + H_v) MACs, and 6 operations for each of the N·heads·S·T scores, 1 to scale
it and 5 of the softmax.
"""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.graph.ir import Layer, Tensor
from dlscope.graph.work.quantity import Rule, Work, touching_all

_FLOPS_OF_A_SCORE = 6


def _attention(layer: Layer) -> Work | None:
    """ONNX's own: N×heads×S×D, or N×S×H with the number of heads as an attribute."""
    query, key, result = layer.inputs[0], layer.inputs[1], layer.results[0]
    if query is None or key is None:
        return None
    *_, queries, width = query.shape
    keys = key.shape[-2] + _past(layer.input(4))
    heads = query.shape[1] if len(query.shape) == 4 else int(layer.attributes["q_num_heads"])
    sides = heads if len(query.shape) == 4 else 1
    pairs = query.shape[0] * queries * keys
    macs = pairs * sides * (width + result.shape[-1])
    return _with_scores(layer, macs, pairs * heads)


def _multi_head_attention(layer: Layer) -> Work | None:
    """Query N×S×H, key N×T×H and value N×T×H_v; packed forms are not known."""
    query, key, value = (layer.input(place) for place in range(3))
    if query is None or key is None or value is None:
        return None
    if any(len(each.shape) != 3 for each in (query, key, value)):
        return None
    batch, queries, width = query.shape
    pairs = batch * queries * (key.shape[1] + _past(layer.input(6)))
    macs = pairs * (width + value.shape[2])
    return _with_scores(layer, macs, pairs * int(layer.attributes["num_heads"]))


def _attention_with_projection(layer: Layer) -> Work | None:
    """Input N×S×I by weights I×(H_q + H_k + H_v), then attention."""
    source, weights = layer.inputs[0], layer.inputs[1]
    if source is None or weights is None or len(source.shape) != 3:
        return None
    batch, queries, width = source.shape
    columns = weights.shape[1]
    wide = layer.attributes.get("qkv_hidden_sizes", (columns // 3,) * 3)
    pairs = batch * queries * (queries + _past(layer.input(4)))
    macs = batch * queries * width * columns + pairs * (wide[0] + wide[2])
    return _with_scores(layer, macs, pairs * int(layer.attributes["num_heads"]))


def _with_scores(layer: Layer, macs: int, scores: int) -> Work:
    flops = scores * _FLOPS_OF_A_SCORE
    return touching_all(layer, macs=macs, flops=flops, transcendental=scores)


def _past(tensor: Tensor | None) -> int:
    """Keys of earlier calls: the last axis but one of …×heads×P×D."""
    return tensor.shape[-2] if tensor else 0


RULES: Mapping[str, Rule] = {
    "Attention": _attention,
    "com.microsoft::Attention": _attention_with_projection,
    "com.microsoft::MultiHeadAttention": _multi_head_attention,
}
