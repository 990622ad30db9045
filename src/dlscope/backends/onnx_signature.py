"""The inputs and outputs of an ONNX model, for backends whose framework does not tell them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx
from onnx import ModelProto

from dlscope.backends.base import TensorSpec
from dlscope.core.errors import LoadError
from dlscope.graph.signature import Axis, TensorSignature, signature_of


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


def signature(
    model: ModelProto, path: Path
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of the graph, in its order; initialisers are not inputs."""
    found = signature_of(model, path)
    return _specs(found.inputs), _specs(found.outputs)


def _specs(tensors: Iterable[TensorSignature]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(tensor.name, tensor.dtype, tuple(map(_fixed, tensor.shape or ())))
        for tensor in tensors
    )


def _fixed(axis: Axis) -> int | None:
    return axis if isinstance(axis, int) else None
