"""From an ONNX model to a TFLite file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, final

from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, shape_inference

from dlscope.backends.onnx_graph.constants import evaluated, is_constant
from dlscope.backends.onnx_graph.node import OnnxNode
from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnx_to_tflite.activations import ACTIVATIONS
from dlscope.backends.onnx_to_tflite.arithmetic import ARITHMETIC
from dlscope.backends.onnx_to_tflite.axes import Shape
from dlscope.backends.onnx_to_tflite.convolution import CONVOLUTION
from dlscope.backends.onnx_to_tflite.flatfile import DTYPES, write
from dlscope.backends.onnx_to_tflite.graph import Graph, Value
from dlscope.backends.onnx_to_tflite.layers import LAYERS
from dlscope.backends.onnx_to_tflite.node import TfliteNode, TfliteRules
from dlscope.backends.onnx_to_tflite.pooling import POOLING
from dlscope.backends.onnx_to_tflite.shapes import SHAPES
from dlscope.backends.onnx_to_tflite.slicing import SLICING
from dlscope.core.errors import UnsupportedOp

RULES: TfliteRules = {
    **CONVOLUTION,
    **LAYERS,
    **POOLING,
    **ACTIVATIONS,
    **ARITHMETIC,
    **SHAPES,
    **SLICING,
}
_MOVING = frozenset({*SHAPES, *SLICING, "Identity"})
# TFLite takes small integers for quantised numbers, each with a scale, and computes with them as
# such; of most operators it has no kernel for float64.
_NOT_COMPUTED = frozenset({"int8", "uint8", "int16", "float64"})
_NOT_COMPUTED_BY = {
    "Div": frozenset({"int64"}),
    "Pow": frozenset({"int64"}),
    "ReduceMax": frozenset({"bool"}),
    "ReduceMin": frozenset({"bool"}),
}
_FIX = "open the model with another backend, such as onnxruntime"


def convert(model: Path, target: Path) -> None:
    """Write the ONNX file `model` as the TFLite file `target`, its tensors named as they were.

    Free axes stay free. Raises `UnsupportedOp` naming every operator without a rule.
    """
    write_model(read_model(model), model, target)


def write_model(model: ModelProto, path: Path, target: Path) -> None:
    """Write `model` as the TFLite file `target`; messages say that it is in `path`."""
    program = Program.of(model, path)
    program.require_rules(RULES, _Walk.framework)
    walk = _Walk(program, _inferred_shapes(model))
    walk.run()
    graph = walk.graph
    inputs = {spec.name: walk.value(spec.name).place for spec in program.inputs}
    outputs = {spec.name: graph.place(walk.value(spec.name)) for spec in program.outputs}
    write(graph, inputs, outputs, target)


def _inferred_shapes(model: ModelProto) -> dict[str, Shape]:
    """Shapes by name, as far as ONNX can tell them from the inputs and from one another."""
    known = shape_inference.infer_shapes(model, data_prop=True)
    return {
        value.name: tuple(
            axis.dim_value if axis.dim_value > 0 else None
            for axis in value.type.tensor_type.shape.dim
        )
        for value in (*known.graph.value_info, *known.graph.output)
        if value.type.tensor_type.HasField("shape")
    }


@final
class _Walk:
    """One walk over the ONNX graph, which writes operators as it goes."""

    framework = "TFLite"
    fixed_shapes = True

    def __init__(self, program: Program, inferred: Mapping[str, Shape]) -> None:
        self.graph = Graph(inferred)
        self._program = program
        self._known = dict(program.constants)
        self._values: dict[str, Value] = {}

    def run(self) -> None:
        """Write every node; those that depend on shapes alone are computed where all are known."""
        program = self._program
        for spec in program.inputs:
            self._require_type(spec.dtype, spec.name)
            self._values[spec.name] = self.graph.input(spec.name, spec.shape, spec.dtype)
        for proto in program.nodes:
            if is_constant(proto, self._known.__contains__):
                feeds = {name: self._known[name] for name in proto.input if name}
                self._known.update(evaluated(proto, feeds, program.opset))
                continue
            node = OnnxNode(proto, program.opset, self, program.where)
            self._require_computable(node, proto)
            result = RULES[proto.op_type](node)
            results = result if isinstance(result, tuple) else (result,)
            for name, value in zip(node.outputs, results, strict=False):
                self._require_type(value.dtype, name)
                self._keep(name, value)

    def value(self, name: str) -> Value:
        """The tensor `name`, computed or known."""
        if name in self._values:
            return self._values[name]
        array = self._known[name]
        self._require_type(array.dtype.name, name)
        return self.graph.constant(array)

    def constant(self, name: str) -> NDArray[Any] | None:
        """The tensor `name` where it does not depend on what is fed."""
        return self._known.get(name)

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Value:  # noqa: ARG002 - the file has no names of nodes
        """What `function` writes."""
        result: Value = function(*args, **kwargs)
        return result

    def _keep(self, name: str, value: Value) -> None:
        if value.array is not None:
            self._known[name] = value.array
            return
        told = self.graph.inferred.get(name, ())
        if None in value.shape and len(told) == value.rank:
            sizes = zip(value.shape, told, strict=True)
            shape = tuple(known if size is None else size for size, known in sizes)
            value = replace(value, shape=shape)
        self._values[name] = value

    def _require_computable(self, node: TfliteNode, proto: NodeProto) -> None:
        if proto.op_type in _MOVING:
            return
        dtypes = [self.value(name).dtype for name in proto.input if name]
        refused = _NOT_COMPUTED.intersection(dtypes)
        refused |= _NOT_COMPUTED_BY.get(proto.op_type, frozenset()).intersection(dtypes[:1])
        if refused:
            raise node.refusal(f"{' and '.join(sorted(refused))} numbers")

    def _require_type(self, dtype: str, name: str) -> None:
        if dtype not in DTYPES:
            raise UnsupportedOp(
                f"no TFLite type for {dtype}, which {name!r} is",
                where=self._program.where,
                fix=_FIX,
            )
