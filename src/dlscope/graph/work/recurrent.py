"""Recurrent layers: T steps, N batch, I inputs, H hidden, D directions, g gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dlscope.graph.ir import Layer
from dlscope.graph.work.quantity import Rule, Work, touching_all

# Operations of one hidden element in one step beyond the products, and how many of them are
# transcendental: the activations, and what combines the gates (ONNX, operators LSTM, GRU, RNN).
_GATING: Mapping[str, tuple[int, int]] = {"GRU": (8, 3), "LSTM": (9, 5), "RNN": (1, 1)}


def _recurrent(layer: Layer) -> Work | None:
    """T·N·D·g·H·(I + H) MACs: every step takes every weight of W (D×gH×I) and R (D×gH×H) once."""
    source, weight, recurrence = layer.inputs[:3]
    if source is None or weight is None or recurrence is None:
        return None
    steps_times_batch = source.shape[0] * source.shape[1]
    directions, _, hidden = recurrence.shape
    flops, transcendental = _GATING[layer.op_type]
    cells = steps_times_batch * directions * hidden
    return touching_all(
        layer,
        macs=steps_times_batch * (weight.elements + recurrence.elements),
        flops=cells * flops,
        transcendental=cells * transcendental,
    )


def with_weights_read_again(layer: Layer, work: Work, cache_bytes: int | None) -> Work:
    """`work`, its weights read in every step where they are larger than the last-level cache."""
    if layer.operator not in RULES or cache_bytes is None:
        return work
    source, weight, recurrence = layer.inputs[:3]
    if source is None or weight is None or recurrence is None:
        return work
    weight_bytes = weight.size_bytes + recurrence.size_bytes
    if weight_bytes <= cache_bytes:
        return work
    steps = source.shape[1 if layer.attributes.get("layout") else 0]
    return replace(work, bytes_read=work.bytes_read + (steps - 1) * weight_bytes)


RULES: Mapping[str, Rule] = dict.fromkeys(_GATING, _recurrent)
