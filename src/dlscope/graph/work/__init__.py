"""The work of layers and graphs: MACs, FLOPs, bytes and parameters, from shapes alone.

This is the one place in dlscope that counts operations. Bytes are compulsory: each tensor once.
`RULES` holds one rule for each operator, by its name, `domain::Name` outside of ONNX's own.
"""

from __future__ import annotations

from dlscope.graph.work.count import RULES, GraphWork, graph_work, layer_work
from dlscope.graph.work.parameters import parameters
from dlscope.graph.work.quantity import Rule, Work

__all__ = ["RULES", "GraphWork", "Rule", "Work", "graph_work", "layer_work", "parameters"]
