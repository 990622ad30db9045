"""What the rules for TensorFlow share: a node whose calls are carried out while it traces."""

from __future__ import annotations

from typing import Any, TypeAlias

from dlscope.backends.onnx_graph.node import OnnxNode, Rules

Tensor: TypeAlias = Any
"""A `tf.Tensor`, every size of which is known while it is traced."""

Ints: TypeAlias = tuple[int, ...]
TensorFlowNode: TypeAlias = OnnxNode[Tensor]
TensorFlowRules: TypeAlias = Rules[Tensor]


def sizes_of(x: Tensor) -> list[int]:
    """The sizes of the axes of `x`."""
    sizes: list[int] = x.shape.as_list()
    return sizes
