"""What the rules for PyTorch share: a node whose calls go into an `fx` graph."""

from __future__ import annotations

from typing import TypeAlias

from torch import Tensor, fx

from dlscope.backends.onnx_graph.node import OnnxNode, Rules

Ints: TypeAlias = tuple[int, ...] | Tensor
"""Whole numbers known when the graph is translated, or only when it runs."""

TorchNode: TypeAlias = OnnxNode[fx.Node]
TorchRules: TypeAlias = Rules[fx.Node]


def ints_of(value: Ints) -> tuple[int, ...]:
    """The whole numbers in `value`."""
    return tuple(value.reshape(-1).tolist()) if isinstance(value, Tensor) else tuple(value)
