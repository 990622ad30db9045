"""`evaluate`: what one node computes, by ONNX's own reference evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.core.errors import GraphError, UnsupportedOp
from dlscope.graph.program import (
    Arrays,
    domain_of,
    node_label,
    operator,
    type_of,
    used_names,
    value_info,
)


def evaluate(
    node: onnx.NodeProto, arrays: Arrays, opsets: Mapping[str, int], where: str
) -> dict[str, NDArray[Any]]:
    """The outputs of `node` by name; `arrays` holds at least the values that it uses.

    A value without axes stays one. Raises `UnsupportedOp` where the evaluator does not know the
    operator or gives something that is not a tensor, `GraphError` where it fails.
    """
    if not domain_of(node) and node.op_type in _QUICK:
        quick = _QUICK[node.op_type](node, arrays)
        if quick is not None:
            return {node.output[0]: quick}
    names = used_names(node)
    results = [name for name in node.output if name]
    try:
        graph = _graph_of(node, {name: arrays[name] for name in names}, results)
        evaluator = ReferenceEvaluator(graph, opsets=dict(opsets))
        with np.errstate(all="ignore"):  # sample values may well overflow
            values = evaluator.run(results, {name: arrays[name] for name in names})
    except NotImplementedError as error:
        raise _unknown(node, where) from error
    except Exception as error:  # an operator raises whatever its own code runs into
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise GraphError(
            f"layer {node_label(node)} cannot be computed: {words[0]}",
            where=where,
            fix="correct the layer, or the sizes that the free axes are bound to",
        ) from error
    if not all(isinstance(value, np.ndarray | np.generic) for value in values):
        raise UnsupportedOp(
            f"layer {node_label(node)} gives something that is not a tensor",
            where=where,
            fix="use a model without sequences, maps and optional values",
        )
    return {name: np.asarray(value) for name, value in zip(results, values, strict=True)}


def _graph_of(node: onnx.NodeProto, inputs: Arrays, outputs: list[str]) -> onnx.GraphProto:
    # Operators that are functions of others are written out according to the types they take.
    typed = [value_info(name, type_of(array)) for name, array in inputs.items()]
    untyped = [helper.make_value_info(name, onnx.TypeProto()) for name in outputs]
    return helper.make_graph([node], "one", typed, untyped)


def _unknown(node: onnx.NodeProto, where: str) -> UnsupportedOp:
    return UnsupportedOp(
        f"ONNX's evaluator does not know the operator {operator(node)}",
        where=where,
        fix="state the shapes of its outputs in the file (value_info)",
    )


def _constant(node: onnx.NodeProto, _: Arrays) -> NDArray[Any] | None:
    """The value of a `Constant`; None for the rare kinds, which the evaluator reads."""
    (attribute,) = node.attribute
    value = helper.get_attribute_value(attribute)
    match attribute.name:
        case "value":
            tensor: NDArray[Any] = numpy_helper.to_array(value)
            return tensor
        case "value_int" | "value_ints":
            return np.array(value, dtype=np.int64)
        case "value_float" | "value_floats":
            return np.array(value, dtype=np.float32)
    return None


def _constant_of_shape(node: onnx.NodeProto, arrays: Arrays) -> NDArray[Any]:
    """One element seen through every index: a large constant takes no memory."""
    values = [numpy_helper.to_array(each.t) for each in node.attribute if each.name == "value"]
    element = values[0].reshape(()) if values else np.float32(0)
    return np.broadcast_to(element, tuple(map(int, arrays[node.input[0]])))


_QUICK = {"Constant": _constant, "ConstantOfShape": _constant_of_shape}
