"""`read_signature`: what an ONNX file takes, gives and consists of, without its weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlscope.core.errors import GraphError

Axis = int | str | None
"""A fixed size, the name of a free size, or None for a free size without a name."""


@dataclass(frozen=True)
class TensorSignature:
    """A graph input or output; `shape` is None where the file does not even tell the rank."""

    name: str
    dtype: str
    shape: tuple[Axis, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name}: {self.dtype}"
        axes = ("?" if axis is None else str(axis) for axis in self.shape)
        return f"{self.name}: {self.dtype}[{', '.join(axes)}]"


@dataclass(frozen=True)
class Signature:
    """The outside of a graph, and how many nodes of each operator it has.

    `opset` is the version of ONNX's own operators. `operators` is sorted by name, counts the
    nodes of branches and loop bodies too, and names another domain's operators `domain::Operator`.
    """

    inputs: tuple[TensorSignature, ...]
    outputs: tuple[TensorSignature, ...]
    opset: int
    operators: Mapping[str, int]


def read_signature(path: Path) -> Signature:
    """The signature of the ONNX file `path`; weights in files beside it are not read.

    Initialisers that old files also list among the inputs are left out. Raises `GraphError` for
    a file that is not an ONNX model, and for an input or output that is not a tensor.
    """
    return signature_of(_load(path), path)


def signature_of(model: Any, path: Path) -> Signature:
    """The signature of a loaded ONNX model; `path` is named in messages. See `read_signature`."""
    weights = {tensor.name for tensor in model.graph.initializer}
    weights |= {tensor.values.name for tensor in model.graph.sparse_initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    operators = Counter(_text(operator, path) for operator in _operators(model.graph))
    return Signature(
        inputs=tuple(_tensor(value, path) for value in inputs),
        outputs=tuple(_tensor(value, path) for value in model.graph.output),
        opset=_opset(model),
        operators=dict(sorted(operators.items())),
    )


def _load(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs

    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except OSError as error:
        raise GraphError(
            f"the model cannot be read: {error.strerror}", where=str(path), fix="check the path"
        ) from error
    except DecodeError as error:
        raise _not_onnx(path) from error
    # An empty file, and some others, are read as a message with nothing in it.
    if not model.ir_version or not _opset(model) or not model.graph.output:
        raise _not_onnx(path)
    return model


def _not_onnx(path: Path) -> GraphError:
    return GraphError(
        "the file is not an ONNX model",
        where=str(path),
        fix="give the path of an .onnx file, and fetch it again if it is one",
    )


def _opset(model: Any) -> int:
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    return max(versions, default=0)


def _tensor(value: Any, path: Path) -> TensorSignature:
    name = _text(value.name, path)
    kind = value.type.WhichOneof("value") or "value without a type"
    if kind != "tensor_type":
        raise GraphError(
            f"{name!r} is a {kind.removesuffix('_type')}, not a tensor",
            where=str(path),
            fix="use a model whose inputs and outputs are tensors",
        )
    tensor = value.type.tensor_type
    axes = tuple(_axis(dimension, path) for dimension in tensor.shape.dim)
    shape = axes if tensor.HasField("shape") else None
    return TensorSignature(name, _dtype(value, path), shape)


def _text(value: str | bytes, path: Path) -> str:
    # protobuf hands out bytes where a text is not UTF-8.
    if isinstance(value, bytes):
        raise _not_onnx(path)
    return value


def _dtype(value: Any, path: Path) -> str:
    from onnx import TensorProto

    number = value.type.tensor_type.elem_type
    kinds = {number: kind.lower() for kind, number in TensorProto.DataType.items() if number}
    if number not in kinds:
        raise GraphError(
            f"{value.name!r} has element type {number}, which the installed ONNX does not know",
            where=str(path),
            fix="install a newer onnx, or correct the file",
        )
    kind = str(kinds[number])
    return {"float": "float32", "double": "float64"}.get(kind, kind)


def _axis(dimension: Any, path: Path) -> Axis:
    if dimension.HasField("dim_value"):
        # Old exporters write −1 or 0 for a free axis.
        return int(dimension.dim_value) if dimension.dim_value > 0 else None
    return _text(dimension.dim_param, path) or None


def _operators(graph: Any) -> Iterator[str]:
    for node in graph.node:
        official = node.domain in ("", "ai.onnx")
        yield node.op_type if official else f"{node.domain}::{node.op_type}"
        for attribute in node.attribute:
            for subgraph in (
                *([attribute.g] if attribute.HasField("g") else []),
                *attribute.graphs,
            ):
                yield from _operators(subgraph)
