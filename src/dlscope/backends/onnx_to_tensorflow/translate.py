"""From an ONNX model to a function that TensorFlow can trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_graph.trace import Trace, Tracing
from dlscope.backends.onnx_to_tensorflow.activations import ACTIVATIONS
from dlscope.backends.onnx_to_tensorflow.arithmetic import ARITHMETIC
from dlscope.backends.onnx_to_tensorflow.convolution import CONVOLUTION
from dlscope.backends.onnx_to_tensorflow.layers import LAYERS
from dlscope.backends.onnx_to_tensorflow.node import Tensor, TensorFlowRules
from dlscope.backends.onnx_to_tensorflow.pooling import POOLING
from dlscope.backends.onnx_to_tensorflow.shapes import SHAPES

RULES: TensorFlowRules = {
    **CONVOLUTION,
    **LAYERS,
    **POOLING,
    **ACTIVATIONS,
    **ARITHMETIC,
    **SHAPES,
}

Function = Callable[[Sequence[Tensor]], list[Tensor]]
"""From inputs in the order of the graph, every size of them known, to outputs in its order."""


def scope_of(name: str) -> str:
    """What the scope of the node `name` is called, in the characters that TensorFlow takes."""
    return "n" + re.sub(r"[^0-9A-Za-z_.]", "_", name)


def _named(name: str) -> AbstractContextManager[Any]:
    scope: AbstractContextManager[Any] = tf.name_scope(scope_of(name))
    return scope


_TENSORFLOW: Tracing[Tensor] = Tracing("TensorFlow", RULES, _named, tf.constant)


def translate(program: Program) -> Function:
    """A function to be traced; the weights are constants of it.

    Raises `UnsupportedOp` naming every operator without a rule; the function itself does, when
    traced, for a shape that depends on data.
    """
    program.require_rules(RULES, _TENSORFLOW.framework)

    def function(inputs: Sequence[Tensor]) -> list[Tensor]:
        names = (spec.name for spec in program.inputs)
        return Trace(program, _TENSORFLOW, dict(zip(names, inputs, strict=True))).run()

    return function
