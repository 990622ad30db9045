"""Published networks as graphs without weights, at the cost of milliseconds."""

from __future__ import annotations

from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph
from dlscope.zoo.architecture import Architecture, outline


def graph_of(architecture: Architecture, **options: str) -> Graph:
    """The network of `options` at batch size 1; its weights are inputs."""
    return read_graph(outline(architecture, options).model, bindings={"N": 1})
