"""GRU: a classifier of texts, by the state that layers of gated recurrent units end in.

    tokens N×T ─ embedding N×T×E ─ gru.0 ─ gru.1 … ─ last step ─ fc ─ logits N×K

Axes: T words, E features of a word, H hidden size, K classes. With update, reset and hidden gates
stacked in this order, as ONNX has them:

    z, r = σ(W·x + R·h + b)      n = tanh(W_n·x + b_n + r∘(R_n·h + c_n))      h ← (1 − z)∘n + z∘h

Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014, with the reset gate
behind the matrix, as frameworks have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlscope.zoo.architecture import Architecture, Number, Options, draw_network
from dlscope.zoo.blocks import Layers
from dlscope.zoo.parameters import Law
from dlscope.zoo.recurrent import write_recurrence


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a GRU with weights from `seed`: int64 `tokens` → `logits`.

    `options` has `layers`, `steps`, `words`, `features`, `hidden` and `classes`. Raises
    `GraphError` for others.
    """
    return draw_network(GRU, weights, options)


def _write(layers: Layers, options: Options) -> None:
    steps, words, features = (int(options[key]) for key in ("steps", "words", "features"))
    tokens = layers.graph.input("tokens", "int64", ("N", steps))
    table = layers.parameter("embedding.weight", (words, features), Law(0.0, 1.0))
    embedded = layers.node("Gather", "embedding", [table, tokens], (steps, features))
    count, hidden, classes = (int(options[key]) for key in ("layers", "hidden", "classes"))
    final = write_recurrence(layers, "GRU", embedded, count, hidden)
    layers.output(layers.linear("fc", final, classes, output="logits"))


GRU = Architecture(
    "gru",
    {
        "layers": Number("2"),
        "steps": Number("64"),
        "words": Number("30522"),
        "features": Number("128"),
        "hidden": Number("256"),
        "classes": Number("2"),
    },
    _write,
)
