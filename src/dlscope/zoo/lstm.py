"""LSTM: a classifier of sequences, by the state that layers of long short-term memory end in.

    sequence N×T×I ─ lstm.0 ─ lstm.1 … ─ last step ─ fc ─ logits N×K

Axes: T steps, I features of a step, H hidden size, K classes. With input, output, forget and cell
gates stacked in this order, as ONNX has them:

    i, o, f = σ(W·x + R·h + b)      c ← f∘c + i∘tanh(W_c·x + R_c·h + b_c)      h ← o∘tanh(c)

Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dlscope.zoo.architecture import Architecture, Number, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.parameters import Law

GATES = 4


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of an LSTM with weights from `seed`: `sequence` → `logits`.

    `options` has `layers`, `steps`, `features`, `hidden` and `classes`. Raises `GraphError` for
    others.
    """
    return draw_network(LSTM, weights, options)


def _write(layers: Layers, options: Options) -> None:
    steps, features, hidden = (int(options[key]) for key in ("steps", "features", "hidden"))
    sequence = layers.input("sequence", steps, features)
    graph = layers.graph
    graph.constant("direction_axis", np.array([1]))
    graph.constant("last", np.array(-1))
    # The recurrence has the steps in front of the batch.
    value = graph.node("Transpose", [sequence.name], output="steps", perm=[1, 0, 2])
    for index in range(int(options["layers"])):
        value = _layer(layers, f"lstm.{index}", value, features if index == 0 else hidden, hidden)
    final = layers.node("Gather", "last_step", [value, "last"], (hidden,), axis=0)
    layers.output(layers.linear("fc", final, int(options["classes"]), output="logits"))


def _layer(layers: Layers, name: str, value: str, inputs: int, hidden: int) -> str:
    """All hidden states, T×N×H. Weights have the deviation of the uniform law on ±1/√H."""
    law = Law(0.0, 1 / math.sqrt(3 * hidden))
    shapes = {
        "weight": (1, GATES * hidden, inputs),
        "recurrence": (1, GATES * hidden, hidden),
        "bias": (1, 2 * GATES * hidden),
    }
    parameters = [layers.parameter(f"{name}.{part}", shape, law) for part, shape in shapes.items()]
    states = layers.graph.node("LSTM", [value, *parameters], output=name, hidden_size=hidden)
    return layers.graph.node("Squeeze", [states, "direction_axis"], output=f"{name}.states")


LSTM = Architecture(
    "lstm",
    {
        "layers": Number("2"),
        "steps": Number("64"),
        "features": Number("128"),
        "hidden": Number("256"),
        "classes": Number("10"),
    },
    _write,
)
