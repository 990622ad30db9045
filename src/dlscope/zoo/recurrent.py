"""Layers of recurrent networks: all hidden states out of a sequence, and the last of them.

Axes: T steps, N batch, I inputs, H hidden size. Weights have the deviation of the uniform law on
±1/√H, which frameworks start training with.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.parameters import Law

GATES = {"LSTM": 4, "GRU": 3}


def write_recurrence(
    layers: Layers, operator: Literal["LSTM", "GRU"], sequence: Value, count: int, hidden: int
) -> Value:
    """The last state, H, of `count` layers behind one another; a `sequence` is T×I.

    Named `lstm.0`, `lstm.1` and so on.
    """
    graph, inputs = layers.graph, sequence.shape[1]
    graph.constant("direction_axis", np.array([1]))
    graph.constant("last", np.array(-1))
    # The recurrence has the steps in front of the batch.
    value = graph.node("Transpose", [sequence.name], output="steps", perm=[1, 0, 2])
    # Frameworks other than ONNX apply the reset gate of a GRU behind the matrix.
    more = {"linear_before_reset": 1} if operator == "GRU" else {}
    for index in range(count):
        name = f"{operator.lower()}.{index}"
        value = _layer(layers, operator, name, value, hidden if index else inputs, hidden, more)
    return layers.node("Gather", "last_step", [value, "last"], (hidden,), axis=0)


def _layer(
    layers: Layers,
    operator: str,
    name: str,
    value: str,
    inputs: int,
    hidden: int,
    more: dict[str, Any],
) -> str:
    """All hidden states, T×N×H."""
    law, gates = Law(0.0, 1 / math.sqrt(3 * hidden)), GATES[operator]
    shapes = {
        "weight": (1, gates * hidden, inputs),
        "recurrence": (1, gates * hidden, hidden),
        "bias": (1, 2 * gates * hidden),
    }
    parameters = [layers.parameter(f"{name}.{part}", shape, law) for part, shape in shapes.items()]
    states = layers.graph.node(
        operator, [value, *parameters], output=name, hidden_size=hidden, **more
    )
    return layers.graph.node("Squeeze", [states, "direction_axis"], output=f"{name}.states")
