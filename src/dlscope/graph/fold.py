"""`fold`: what does not depend on an input is computed once and for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.core.errors import UnsupportedOp
from dlscope.graph.evaluate import evaluate
from dlscope.graph.program import (
    Arrays,
    Program,
    ValueType,
    ancestors,
    domain_of,
    is_control_flow,
    type_of,
    used_names,
)
from dlscope.graph.shapes import infer

BY_CHANCE = frozenset(
    f"Random{kind}{like}" for kind in ("Normal", "Uniform") for like in ("", "Like")
) | {"Bernoulli", "Multinomial"}

# The weights of a quantised network stay as they are stored: runtimes fuse this operator with
# the layer behind it, and never hold the weights in floating point.
_KEPT = frozenset({"DequantizeLinear"})


def fold(program: Program) -> Program:
    """The program without its constant layers, whose values become constants.

    A layer is constant when none of its inputs depends on a graph input; the shape of a value
    whose shape is known does not. Never folded: what draws by chance, control flow, layers
    without inputs other than `Constant`, `DequantizeLinear`, and what ONNX's evaluator does not
    know. Layers, constants and inputs that no output depends on any more are left out. Raises
    what `infer` and `evaluate` raise.
    """
    types, constants = dict(program.types), dict(program.constants)
    layers = []
    for node in program.nodes:
        values = _value(node, program, types, constants)
        if values is None:
            layers.append(node)
            types.update(infer(node, program, types, constants))
        else:
            constants.update(values)
            types.update({name: type_of(array) for name, array in values.items()})
    return _trimmed(replace(program, nodes=tuple(layers), constants=constants, types=types))


def _value(
    node: onnx.NodeProto, program: Program, types: Mapping[str, ValueType], constants: Arrays
) -> dict[str, NDArray[Any]] | None:
    """What a constant layer computes; None for another."""
    if not domain_of(node) and node.op_type in ("Shape", "Size"):
        shape = types[node.input[0]].shape if node.input[0] in types else None
        return None if shape is None else {node.output[0]: _extent(node, shape)}
    if not _is_constant(node, constants):
        return None
    try:
        return evaluate(node, constants, program.opsets, program.where)
    except UnsupportedOp:
        return None


def _is_constant(node: onnx.NodeProto, constants: Arrays) -> bool:
    if is_control_flow(node) or node.op_type in BY_CHANCE | _KEPT:
        return False
    names = used_names(node)
    if not names:
        return not domain_of(node) and node.op_type == "Constant"
    return all(name in constants for name in names)


def _extent(node: onnx.NodeProto, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """What `Shape` or `Size` gives: a vector or, without axes, the number of elements."""
    if node.op_type == "Size":
        return np.array(np.prod(shape, dtype=np.int64))
    ends = {attribute.name: attribute.i for attribute in node.attribute}
    return np.array(shape, dtype=np.int64)[ends.get("start") : ends.get("end")]


def _trimmed(program: Program) -> Program:
    nodes = tuple(ancestors(program.nodes, program.outputs))
    used = {*program.outputs, *(name for node in nodes for name in used_names(node))}
    made = {name for node in nodes for name in node.output}
    return replace(
        program,
        nodes=nodes,
        inputs=tuple(name for name in program.inputs if name in used),
        constants={name: each for name, each in program.constants.items() if name in used},
        types={name: each for name, each in program.types.items() if name in used | made},
    )
