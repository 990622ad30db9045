"""Types of values: by ONNX's shape inference, and by a sample run where that is not enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference

from dlscope.core.errors import GraphError, ShapeError, UnsupportedOp, did_you_mean
from dlscope.graph.contrib import MICROSOFT, as_standard, contrib_type
from dlscope.graph.evaluate import evaluate
from dlscope.graph.program import (
    Arrays,
    Program,
    ValueType,
    ancestors,
    domain_of,
    dtype_name,
    element_type,
    node_label,
    type_of,
    used_names,
    value_info,
)

# Inference looks into small constants only: shapes, axes, scales.
_STEERING_ELEMENTS = 1024

# Operators that keep the type of their first input, which ONNX's inference does not find out.
_KEEPING = frozenset({"GroupNormalization"})


def infer(
    node: onnx.NodeProto, program: Program, types: Mapping[str, ValueType], constants: Arrays
) -> dict[str, ValueType]:
    """The types of the outputs of `node`, as far as its inputs' `types` and `constants` tell.

    What ONNX cannot tell is taken from what the file states. Raises `ShapeError` with ONNX's
    words where the inputs do not fit the operator, `UnsupportedOp` for an output that is no tensor.
    """
    found = _infer(node, program, types, constants)
    for name in filter(None, node.output):
        hint = program.hints.get(name)
        if hint and (name not in found or (found[name].shape is None and hint.shape is not None)):
            found[name] = hint
    return found


def resolve(program: Program, samples: Arrays) -> Program:
    """The program with the type and shape of every value that is used.

    Layers whose shapes cannot be inferred are computed once, from `samples` by the name of an
    input and from drawn values for the others, together with what they depend on; integers that
    come up are kept. An output that nothing uses, such as the mask of an old `Dropout`, may stay
    unknown; it is then in no table. Raises what `evaluate` raises.
    """
    types, run = dict(program.types), _SampleRun(program, samples)
    used = {*program.outputs, *(name for node in program.nodes for name in used_names(node))}
    for node in program.nodes:
        names = [name for name in node.output if name in used]
        if _is_known(names, types):
            continue
        types.update(infer(node, program, types, program.constants))
        if not _is_known(names, types):
            types.update({name: type_of(run.value(name)) for name in names})
    known = {name: each for name, each in types.items() if each.shape is not None}
    return replace(program, types=known, samples=run.integers())


def _is_known(names: list[str], types: Mapping[str, ValueType]) -> bool:
    return all(name in types and types[name].shape is not None for name in names)


def _infer(
    node: onnx.NodeProto, program: Program, types: Mapping[str, ValueType], constants: Arrays
) -> dict[str, ValueType]:
    standard: onnx.NodeProto | None = node
    if not domain_of(node) and node.op_type in _KEEPING and node.input[0] in types:
        return {node.output[0]: types[node.input[0]]}
    if domain_of(node) == MICROSOFT:
        inputs = [types.get(name) for name in node.input]
        first = contrib_type(node, inputs)
        if first is not None:
            return {node.output[0]: first}
        standard = as_standard(node)
    if standard is None or any(name not in types for name in used_names(standard)):
        return {}
    try:
        model = shape_inference.infer_shapes(
            _model_of(standard, program, types, constants), strict_mode=True
        )
    # ONNX cannot even decode its own words about a name that is not UTF-8.
    except (shape_inference.InferenceError, UnicodeDecodeError) as error:
        words = str(error).strip().splitlines()[-1]
        raise ShapeError(
            f"the inputs of layer {node_label(node)} do not fit: {words}",
            where=program.where,
            fix="correct the layer, or the sizes that the free axes are bound to",
        ) from error
    return _types_of(model.graph.output, node, program)


def _model_of(
    node: onnx.NodeProto, program: Program, types: Mapping[str, ValueType], constants: Arrays
) -> onnx.ModelProto:
    names = used_names(node)
    steering = [
        numpy_helper.from_array(np.array(constants[name]), name)
        for name in names
        if name in constants and constants[name].size <= _STEERING_ELEMENTS
    ]
    known = {tensor.name for tensor in steering}
    inputs = [value_info(name, types[name]) for name in names if name not in known]
    outputs = [helper.make_value_info(name, onnx.TypeProto()) for name in node.output if name]
    graph = helper.make_graph([node], "one", inputs, outputs, initializer=steering)
    opsets = [helper.make_opsetid(*each) for each in program.opsets.items()]
    return helper.make_model(graph, opset_imports=opsets)


def _types_of(
    values: list[onnx.ValueInfoProto], node: onnx.NodeProto, program: Program
) -> dict[str, ValueType]:
    found = {}
    for value in values:
        kind = value.type.WhichOneof("value")
        if kind not in (None, "tensor_type"):
            raise UnsupportedOp(
                f"layer {node_label(node)} gives a {kind.removesuffix('_type')}, not a tensor",
                where=program.where,
                fix="use a model without sequences, maps and optional values",
            )
        tensor = value.type.tensor_type
        if kind and tensor.elem_type:
            axes = [int(each.dim_value) for each in tensor.shape.dim if each.HasField("dim_value")]
            whole = tensor.HasField("shape") and len(axes) == len(tensor.shape.dim)
            found[value.name] = ValueType(
                dtype_name(tensor.elem_type), tuple(axes) if whole else None
            )
    return found


@final
class _SampleRun:
    """Computes values when they are asked for, with what they depend on, each once."""

    def __init__(self, program: Program, samples: Arrays) -> None:
        self._program = program
        _require_fitting(samples, program)
        self._values: dict[str, NDArray[Any]] = dict(program.constants)
        self._values.update(samples)

    def value(self, name: str) -> NDArray[Any]:
        for node in ancestors(self._program.nodes, [name]):
            if any(output and output not in self._values for output in node.output):
                self._draw(name for name in used_names(node) if name in self._program.inputs)
                self._values.update(
                    evaluate(node, self._values, self._program.opsets, self._program.where)
                )
        return self._values[name]

    def _draw(self, inputs: Iterable[str]) -> None:
        for name in inputs:
            if name not in self._values:
                self._values[name] = _drawn(self._program.types[name])

    def integers(self) -> dict[str, NDArray[Any]]:
        """The integers and truth values that layers gave."""
        given = {*self._program.inputs, *self._program.constants}
        values = {name: each for name, each in self._values.items() if name not in given}
        return {name: each for name, each in values.items() if each.dtype.kind in "iub"}


def _require_fitting(samples: Arrays, program: Program) -> None:
    for name, array in samples.items():
        if name not in program.inputs:
            raise GraphError(
                f"no layer takes the input {name!r}, for which there is a sample",
                where=program.where,
                fix=did_you_mean(name, program.inputs),
            )
        if type_of(array) != program.types[name]:
            dtype, shape = program.types[name]
            raise ShapeError(
                f"the sample for input {name!r} is {array.dtype}{list(array.shape)}",
                where=program.where,
                fix=f"give {dtype}{list(shape or ())}",
            )


def _drawn(value: ValueType) -> NDArray[Any]:
    """Standard normal numbers, the same for each input; ones for integers, true for truth values.

    A one is a valid length, and an index of every axis but one of a single element.
    """
    shape = value.shape or ()
    dtype = helper.tensor_dtype_to_np_dtype(element_type(value.dtype))
    if value.dtype.startswith(("float", "bfloat")):
        numbers = np.random.default_rng(0).standard_normal(math.prod(shape))
        return numbers.reshape(shape).astype(dtype)
    return np.ones(shape, dtype)
