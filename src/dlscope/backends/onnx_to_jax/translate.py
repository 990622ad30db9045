"""From an ONNX model to a function that JAX can trace, and to its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_graph.rules import identity
from dlscope.backends.onnx_graph.trace import Trace, Tracing
from dlscope.backends.onnx_to_jax.activations import ACTIVATIONS
from dlscope.backends.onnx_to_jax.arithmetic import ARITHMETIC
from dlscope.backends.onnx_to_jax.convolution import CONVOLUTION
from dlscope.backends.onnx_to_jax.layers import LAYERS
from dlscope.backends.onnx_to_jax.node import Array, JaxRules
from dlscope.backends.onnx_to_jax.pooling import POOLING
from dlscope.backends.onnx_to_jax.shapes import SHAPES

RULES: JaxRules = {**CONVOLUTION, **LAYERS, **POOLING, **ACTIVATIONS, **ARITHMETIC, **SHAPES}

Weights = dict[str, NDArray[Any]]
Function = Callable[[Mapping[str, jax.Array], Sequence[jax.Array]], list[Array]]
"""From weights by name, and inputs in the order of the graph, to outputs in its order."""

_LARGE_BYTES = 1024
# A NumPy array computes as JAX's own do.
_JAX: Tracing[Array] = Tracing("JAX", RULES, jax.named_scope, identity)


def translate(program: Program) -> tuple[Function, Weights]:
    """A function to be traced, and the weights it is to be given.

    Small constants are part of the function. Raises `UnsupportedOp` naming every operator without
    a rule; the function itself does, when traced, for a shape that depends on data. It is to be
    functionalized by `checkify`, as it checks its indices.
    """
    program.require_rules(RULES, _JAX.framework)
    used = {name for node in program.nodes for name in node.input}
    used.update(spec.name for spec in program.outputs)
    weights = {
        name: array
        for name, array in program.constants.items()
        if name in used and array.nbytes > _LARGE_BYTES
    }

    def function(given: Mapping[str, jax.Array], inputs: Sequence[jax.Array]) -> list[Array]:
        names = (spec.name for spec in program.inputs)
        return Trace(program, _JAX, {**given, **dict(zip(names, inputs, strict=True))}).run()

    return function, weights
