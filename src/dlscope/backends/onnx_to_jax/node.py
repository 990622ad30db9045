"""What the rules for JAX share: a node whose calls are carried out while JAX traces."""

from __future__ import annotations

from typing import TypeAlias

import jax

from dlscope.backends.onnx_graph.node import OnnxNode, Rules

Array: TypeAlias = jax.Array
"""What is traced; a NumPy array, which computes alike, where it depends on shapes alone."""

Ints: TypeAlias = tuple[int, ...]
JaxNode: TypeAlias = OnnxNode[Array]
JaxRules: TypeAlias = Rules[Array]
