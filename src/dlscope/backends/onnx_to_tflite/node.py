"""What the rules for TFLite share: a node whose calls write operators into the file."""

from __future__ import annotations

from typing import TypeAlias

from dlscope.backends.onnx_graph.node import OnnxNode, Rules
from dlscope.backends.onnx_to_tflite.graph import Value

Ints: TypeAlias = tuple[int, ...]
TfliteNode: TypeAlias = OnnxNode[Value]
TfliteRules: TypeAlias = Rules[Value]
