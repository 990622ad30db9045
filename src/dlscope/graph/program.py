"""`Program`: an ONNX graph on its way to becoming a `Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

Arrays = Mapping[str, NDArray[Any]]

CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})


class ValueType(NamedTuple):
    """The type of a value; `shape` is None until it is known."""

    dtype: str
    shape: tuple[int, ...] | None


@final
@dataclass(frozen=True)
class Program:
    """Nodes in topological order and what is known of the values that they use.

    `constants` are weights and folded values, `types` the types of values known so far, `hints`
    the types that the file itself states for values; `samples` are integers met in a sample run.
    """

    name: str
    where: str
    digest: str
    nodes: tuple[onnx.NodeProto, ...]
    opsets: Mapping[str, int]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: Arrays
    types: Mapping[str, ValueType]
    hints: Mapping[str, ValueType] = field(default_factory=dict)
    bindings: Mapping[str, int] = field(default_factory=dict)
    samples: Arrays = field(default_factory=dict)


def node_label(node: onnx.NodeProto) -> str:
    """A node as messages name it: `'conv1' (Conv)`."""
    return f"{node_name(node)!r} ({operator(node)})"


def node_name(node: onnx.NodeProto) -> str:
    """The name of a node, or else that of its first output."""
    return str(node.name or next(filter(None, node.output), node.op_type))


def operator(node: onnx.NodeProto) -> str:
    """The operator of a node, with its domain where that is not ONNX's own."""
    domain = domain_of(node)
    return f"{domain}::{node.op_type}" if domain else str(node.op_type)


def domain_of(node: onnx.NodeProto) -> str:
    """The domain of a node's operator; ONNX's own has two names, of which this is the empty one."""
    return "" if node.domain == "ai.onnx" else str(node.domain)


def is_control_flow(node: onnx.NodeProto) -> bool:
    """Whether a node has bodies that run by choice or several times."""
    return not domain_of(node) and node.op_type in CONTROL_FLOW


def used_names(node: onnx.NodeProto) -> list[str]:
    """The values that a node takes, each once, then those its bodies take from outside."""
    return list(dict.fromkeys([*filter(None, node.input), *captured_names(node)]))


def captured_names(node: onnx.NodeProto) -> list[str]:
    """The values that the branches or the body of a node take from outside, each once."""
    return list(dict.fromkeys(name for body in _bodies(node) for name in _free_names(body)))


def ancestors(nodes: Sequence[onnx.NodeProto], wanted: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that the values `wanted` depend on, in the order of `nodes`."""
    names, kept = set(wanted), []
    for node in reversed(nodes):
        if not names.isdisjoint(node.output):
            kept.append(node)
            names.update(used_names(node))
    return kept[::-1]


def dtype_name(element_type: int) -> str:
    """The name of an ONNX element type: `float32` for 1, `bfloat16` for 16."""
    name = str(onnx.TensorProto.DataType.Name(element_type)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)


def element_type(dtype: str) -> int:
    """The ONNX element type of a name that `dtype_name` gives."""
    name = {"float32": "float", "float64": "double"}.get(dtype, dtype)
    return int(onnx.TensorProto.DataType.Value(name.upper()))


def value_info(name: str, value: ValueType) -> onnx.ValueInfoProto:
    """A value of a known element type as ONNX declares it."""
    return helper.make_tensor_value_info(name, element_type(value.dtype), value.shape)


def type_of(array: NDArray[Any]) -> ValueType:
    """The type of an array."""
    number = helper.np_dtype_to_tensor_dtype(array.dtype)
    return ValueType(dtype_name(number), tuple(map(int, np.shape(array))))


def _bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    bodies: list[onnx.GraphProto] = []
    for attribute in node.attribute:
        bodies.extend([attribute.g] if attribute.HasField("g") else attribute.graphs)
    return bodies


def _free_names(body: onnx.GraphProto) -> list[str]:
    own = {each.name for each in (*body.input, *body.initializer)}
    own |= {name for node in body.node for name in node.output}
    names = [name for node in body.node for name in used_names(node)]
    names += [value.name for value in body.output]
    return [name for name in names if name not in own]
