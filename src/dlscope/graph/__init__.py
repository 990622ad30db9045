"""Network graphs: reading them, building them, what they cost, the files their weights come in."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.graph.ir import Graph, Layer, Tensor
    from dlscope.graph.read import read_graph
    from dlscope.graph.work import GraphWork, Work, graph_work, layer_work

_HOMES = {
    "Graph": "dlscope.graph.ir",
    "GraphWork": "dlscope.graph.work",
    "Layer": "dlscope.graph.ir",
    "Tensor": "dlscope.graph.ir",
    "Work": "dlscope.graph.work",
    "graph_work": "dlscope.graph.work",
    "layer_work": "dlscope.graph.work",
    "read_graph": "dlscope.graph.read",
}

__all__ = [
    "Graph",
    "GraphWork",
    "Layer",
    "Tensor",
    "Work",
    "graph_work",
    "layer_work",
    "read_graph",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
