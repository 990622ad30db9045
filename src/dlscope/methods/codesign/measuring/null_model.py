"""`null_model`: a model of one element without any work; what it takes is what a call costs."""

from __future__ import annotations

from dlscope.graph.builder import GraphBuilder, serialize


def null_model() -> bytes:
    """The file of the model."""
    graph = GraphBuilder("null")
    given = graph.input("x", "float32", (1,))
    graph.output(graph.node("Identity", [given], output="y"), "float32", (1,))
    return serialize(graph.finish())
