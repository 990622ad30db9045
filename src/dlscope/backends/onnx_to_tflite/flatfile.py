"""`write`: a `Graph` as a TFLite file, through the tables of the schema LiteRT comes with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from dlscope.backends.onnx_to_tflite.graph import Graph, Operator, Tensor

_VERSION = 3
_IDENTIFIER = b"TFL3"
_ALIGNMENT_BYTES = 16
_SIGNATURE = b"serving_default"
# Codes beyond a byte are told apart by a second field; older readers see this one.
_LAST_OLD_CODE = 127
# Operators that LiteRT knows only from a later version on.
_VERSIONS = {"BROADCAST_TO": 2}
_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "float64": schema.TensorType.FLOAT64,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
}
DTYPES = frozenset(_TYPES)
"""Types of tensors that the file can hold, as NumPy names them."""

SAME, VALID = int(schema.Padding.SAME), int(schema.Padding.VALID)
"""The two kinds of padding a window of TFLite has: as needed, and none."""


@final
class _Buffer:
    """The bytes of a constant, at an address that kernels can load from at once."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = data

    def Pack(self, builder: Any) -> Any:  # noqa: N802 - the schema's own classes call it so
        """Write the buffer; returns its offset."""
        data = None
        if self._data:
            size = len(self._data)
            builder.StartVector(1, size, _ALIGNMENT_BYTES)
            builder.head -= size
            builder.Bytes[builder.head : builder.head + size] = self._data
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def write(graph: Graph, inputs: Mapping[str, int], outputs: Mapping[str, int], path: Path) -> None:
    """Write `graph` to `path`; `inputs` and `outputs` are numbers of tensors by name."""
    graph.keep_only(list(outputs.values()))
    model = schema.ModelT()
    model.version = _VERSION
    model.description = b"dlscope"
    # The first buffer is that of every tensor without data.
    model.buffers = [_Buffer()]
    kinds = sorted({operator.kind for operator in graph.operators})
    model.operatorCodes = [_code(kind) for kind in kinds]
    main = schema.SubGraphT()
    main.name = b"main"
    main.tensors = [
        _tensor(tensor, tensor.name or f"t{place}", model.buffers)
        for place, tensor in enumerate(graph.tensors)
    ]
    main.inputs, main.outputs = list(inputs.values()), list(outputs.values())
    main.operators = [_operator(operator, kinds) for operator in graph.operators]
    model.subgraphs = [main]
    model.signatureDefs = [_signature(inputs, outputs)]
    path.write_bytes(_packed(model))


def options_of(name: str, fields: Mapping[str, Any]) -> Any:
    """The options table `name` of the schema with `fields` filled in."""
    table = getattr(schema, f"{name}T")()
    for key, value in fields.items():
        if not hasattr(table, key):
            raise AttributeError(f"{name} of TFLite has no field {key}")
        setattr(table, key, value)
    return table


def type_number(dtype: str) -> int:
    """The number of the NumPy type `dtype` in the schema."""
    return int(_TYPES[dtype])


def _packed(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def _tensor(tensor: Tensor, name: str, buffers: list[_Buffer]) -> Any:
    table = schema.TensorT()
    # What is free is planned as 1 at first.
    table.shape = [1 if size is None else size for size in tensor.shape]
    if None in tensor.shape:
        table.shapeSignature = [-1 if size is None else size for size in tensor.shape]
    table.hasRank = True
    table.type = _TYPES[tensor.dtype]
    table.name = name.encode()
    table.buffer = 0
    if tensor.array is not None:
        table.buffer = len(buffers)
        buffers.append(_Buffer(tensor.array.tobytes()))
    return table


def _code(kind: str) -> Any:
    table = schema.OperatorCodeT()
    table.builtinCode = getattr(schema.BuiltinOperator, kind)
    table.deprecatedBuiltinCode = min(table.builtinCode, _LAST_OLD_CODE)
    table.version = _VERSIONS.get(kind, 1)
    return table


def _operator(operator: Operator, kinds: list[str]) -> Any:
    table = schema.OperatorT()
    table.opcodeIndex = kinds.index(operator.kind)
    table.inputs, table.outputs = list(operator.inputs), list(operator.outputs)
    if operator.options:
        table.builtinOptionsType = getattr(schema.BuiltinOptions, operator.options)
        table.builtinOptions = options_of(operator.options, operator.fields)
    return table


def _signature(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> Any:
    table = schema.SignatureDefT()
    table.signatureKey = _SIGNATURE
    table.subgraphIndex = 0
    table.inputs = [_named(*entry) for entry in inputs.items()]
    table.outputs = [_named(*entry) for entry in outputs.items()]
    return table


def _named(name: str, place: int) -> Any:
    table = schema.TensorMapT()
    table.name, table.tensorIndex = name.encode(), place
    return table
