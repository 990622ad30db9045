"""LSTM: a classifier of sequences, by the state that layers of long short-term memory end in.

    sequence N×T×I ─ lstm.0 ─ lstm.1 … ─ last step ─ fc ─ logits N×K

Axes: T steps, I features of a step, H hidden size, K classes. With input, output, forget and cell
gates stacked in this order, as ONNX has them:

    i, o, f = σ(W·x + R·h + b)      c ← f∘c + i∘tanh(W_c·x + R_c·h + b_c)      h ← o∘tanh(c)

Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Number, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.recurrent import write_recurrence


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of an LSTM with weights from `seed`: `sequence` → `logits`.

    `options` has `layers`, `steps`, `features`, `hidden` and `classes`. Raises `GraphError` for
    others.
    """
    return draw_network(LSTM, weights, options)


def _write(layers: Layers, options: Options) -> None:
    steps, features, hidden = (int(options[key]) for key in ("steps", "features", "hidden"))
    sequence = layers.input("sequence", steps, features)
    final = write_recurrence(layers, "LSTM", sequence, int(options["layers"]), hidden)
    layers.output(layers.linear("fc", final, int(options["classes"]), output="logits"))


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
