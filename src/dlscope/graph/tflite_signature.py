"""`read_tflite_signature`: what a TFLite file takes and gives, without any framework.

Numbers of fields and types: `tensorflow/lite/schema/schema.fbs`, version 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.core.errors import GraphError
from dlscope.graph.flatbuffer import MalformedError, Table
from dlscope.graph.signature import Axis, TensorSignature

_IDENTIFIER = b"TFL3"
_DTYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "float64",
    11: "complex128",
    12: "uint64",
    15: "uint32",
    16: "uint16",
    18: "bfloat16",
}
_MODEL_SUBGRAPHS, _MODEL_SIGNATURES = 2, 7
_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS = 0, 1, 2
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_FREE_SHAPE, _TENSOR_HAS_RANK = 0, 1, 3, 7, 8
_SIGNATURE_INPUTS, _SIGNATURE_OUTPUTS, _SIGNATURE_GRAPH = 0, 1, 4
_MAP_NAME, _MAP_TENSOR = 0, 1


@dataclass(frozen=True)
class TfliteSignature:
    """The outside of a TFLite graph; `places` has the number of each tensor in the file, by name.

    Names are those of the file's signature where it has exactly one for its main graph, else
    those of the tensors themselves.
    """

    inputs: tuple[TensorSignature, ...]
    outputs: tuple[TensorSignature, ...]
    input_places: tuple[int, ...]
    output_places: tuple[int, ...]


def is_tflite(path: Path) -> bool:
    """Whether the file `path` says of itself that it is a TFLite model."""
    with path.open("rb") as file:
        return file.read(8)[4:] == _IDENTIFIER


def read_tflite_signature(path: Path) -> TfliteSignature:
    """The signature of the TFLite file `path`.

    Raises `GraphError` for a file that is not a TFLite model, and for an input or output of a
    type that cannot be fed, such as text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GraphError(
            f"the model cannot be read: {error.strerror}", where=str(path), fix="check the path"
        ) from error
    try:
        return _signature(Table.root(data, _IDENTIFIER), path)
    except MalformedError as error:
        raise GraphError(
            "the file is not a TFLite model",
            where=str(path),
            fix="give the path of a .tflite file, and fetch it again if it is one",
        ) from error


def _signature(model: Table, path: Path) -> TfliteSignature:
    graphs = model.tables(_MODEL_SUBGRAPHS)
    if not graphs:
        raise MalformedError("there is no graph")
    main = graphs[0]
    tensors = main.tables(_GRAPH_TENSORS)
    inputs = main.int32s(_GRAPH_INPUTS) or ()
    outputs = main.int32s(_GRAPH_OUTPUTS) or ()
    if not all(0 <= place < len(tensors) for place in (*inputs, *outputs)):
        raise MalformedError("an input or output is no tensor of the graph")
    names = _signature_names(model)
    taken = [_tensor(tensors[place], names[0].get(place), path) for place in inputs]
    given = [_tensor(tensors[place], names[1].get(place), path) for place in outputs]
    return TfliteSignature(tuple(taken), tuple(given), inputs, outputs)


def _signature_names(model: Table) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Names by place in the graph, of its inputs and its outputs; empty without a signature."""
    signatures = [
        signature
        for signature in model.tables(_MODEL_SIGNATURES)
        if signature.number(_SIGNATURE_GRAPH, "I", 0) == 0
    ]
    if len(signatures) != 1:
        return {}, {}
    (signature,) = signatures
    return _names(signature, _SIGNATURE_INPUTS), _names(signature, _SIGNATURE_OUTPUTS)


def _names(signature: Table, field: int) -> dict[int, str]:
    return {
        entry.number(_MAP_TENSOR, "I", 0): entry.text(_MAP_NAME)
        for entry in signature.tables(field)
    }


def _tensor(tensor: Table, name: str | None, path: Path) -> TensorSignature:
    shown = name or tensor.text(_TENSOR_NAME)
    number = tensor.number(_TENSOR_TYPE, "b", 0)
    if number not in _DTYPES:
        raise GraphError(
            f"{shown!r} has element type {number} of TFLite, which cannot be fed or fetched",
            where=str(path),
            fix="use a model whose inputs and outputs are tensors of numbers",
        )
    return TensorSignature(shown, _DTYPES[number], _axes(tensor))


def _axes(tensor: Table) -> tuple[Axis, ...] | None:
    # What is free is -1 in a second shape; the first has the size it is planned with.
    sizes = tensor.int32s(_TENSOR_FREE_SHAPE) or tensor.int32s(_TENSOR_SHAPE)
    if not sizes:
        return () if tensor.number(_TENSOR_HAS_RANK, "b", 0) else None
    return tuple(size if size > 0 else None for size in sizes)
