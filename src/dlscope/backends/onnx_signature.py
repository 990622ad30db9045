"""The inputs and outputs of an ONNX model, for backends whose framework does not tell them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx
from onnx import ModelProto, ValueInfoProto, helper

from dlscope.backends.base import TensorSpec
from dlscope.core.errors import LoadError


def read_model(path: Path) -> ModelProto:
    """The checked model in `path`, weights kept beside it included.

    Raises `LoadError` for a file that holds no graph; whatever `onnx` itself raises passes.
    """
    model = onnx.load(path)
    # An empty file is a valid protocol buffer, of nothing.
    if not model.graph.output:
        raise LoadError(
            "the file holds no ONNX graph",
            where=str(path),
            fix="export the model again, or choose another backend",
        )
    onnx.checker.check_model(model)
    return model


def signature(model: ModelProto) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of the graph, in its order; initialisers are not inputs."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = (value for value in model.graph.input if value.name not in weights)
    return _specs(inputs), _specs(model.graph.output)


def _specs(values: Iterable[ValueInfoProto]) -> tuple[TensorSpec, ...]:
    return tuple(_spec(value) for value in values)


def _spec(value: ValueInfoProto) -> TensorSpec:
    tensor = value.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    shape = tuple(
        axis.dim_value if axis.HasField("dim_value") else None for axis in tensor.shape.dim
    )
    return TensorSpec(value.name, dtype.name, shape)
