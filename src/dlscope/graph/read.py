"""`read_graph`: an ONNX network as a `Graph`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray

from dlscope.graph.defaults import canonical_attributes
from dlscope.graph.fold import fold
from dlscope.graph.ir import Graph, Kind, Layer, Tensor
from dlscope.graph.marks import is_data_dependent, is_pure
from dlscope.graph.onnx_source import load_program
from dlscope.graph.program import (
    Arrays,
    Program,
    captured_names,
    domain_of,
    is_control_flow,
    node_name,
)
from dlscope.graph.shapes import resolve


def read_graph(
    source: str | os.PathLike[str] | onnx.ModelProto,
    bindings: Mapping[str, int] | None = None,
    default_dim: int | None = None,
    *,
    samples: Arrays | None = None,
    task: str | None = None,
) -> Graph:
    """The network in the ONNX file or model `source`, folded, with every shape known.

    `bindings` gives the sizes of free axes by name, `default_dim` that of the others.
    `samples` are arrays by the name of an input, used where the network has to be run to learn
    its shapes. Weights in other files are taken from beside the model only, and not read.
    Inputs and layers that no output depends on are left out.

    Raises `GraphError` for what is not a valid model and for free axes without a size,
    `ShapeError` where shapes do not fit, `UnsupportedOp` where a shape cannot be found out.
    """
    opened = source if isinstance(source, onnx.ModelProto) else Path(source)
    program = resolve(fold(load_program(opened, bindings or {}, default_dim)), samples or {})
    return _graph(program, task)


def _graph(program: Program, task: str | None) -> Graph:
    tensors = {name: _tensor(name, program) for name in program.types}
    layers = tuple(
        _layer(index, node, tensors, program) for index, node in enumerate(program.nodes)
    )
    return Graph(
        name=program.name,
        source_digest=program.digest,
        layers=layers,
        inputs=tuple(tensors[name] for name in program.inputs),
        outputs=tuple(tensors[name] for name in program.outputs),
        bindings=program.bindings,
        opsets=program.opsets,
        task=task,
    )


def _tensor(name: str, program: Program) -> Tensor:
    dtype, shape = program.types[name]
    assert shape is not None  # `resolve` leaves none open
    kind: Kind = "activation"
    if name in program.constants:
        kind = "const"
    elif name in program.inputs:
        kind = "input"
    value, sample = (_frozen(each.get(name)) for each in (program.constants, program.samples))
    return Tensor(name, dtype, shape, kind, value=value, sample=sample)


def _frozen(array: NDArray[Any] | None) -> NDArray[Any] | None:
    """The same elements, which cannot be written through this array."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view


def _layer(
    index: int, node: onnx.NodeProto, tensors: Mapping[str, Tensor], program: Program
) -> Layer:
    # An empty name, of an optional value that is left out, is in no table.
    inputs = tuple(tensors.get(name) for name in node.input)
    outputs = tuple(tensors.get(name) for name in node.output)
    opset = program.opsets.get(domain_of(node), 1)
    return Layer(
        id=index,
        name=node_name(node),
        domain=domain_of(node),
        op_type=node.op_type,
        opset=opset,
        attributes=canonical_attributes(node, _shapes(inputs), _shapes(outputs), opset),
        inputs=inputs,
        outputs=outputs,
        captured=tuple(tensors[name] for name in captured_names(node) if name not in node.input),
        pure=is_pure(node, program.constants),
        data_dependent=is_data_dependent(node, program.constants),
        control_flow=is_control_flow(node),
    )


def _shapes(tensors: tuple[Tensor | None, ...]) -> list[Any]:
    return [each and each.shape for each in tensors]
