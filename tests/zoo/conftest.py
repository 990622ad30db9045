"""What the tests of seeded networks share: sizes from an outline, answers from ONNX Runtime."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.zoo.architecture import Architecture, outline

Shapes = Mapping[str, list[int]]
Sizes = Callable[..., tuple[int, int]]
Answers = Callable[[bytes], np.ndarray]


def _conv(node: onnx.NodeProto, shapes: Shapes) -> int:
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _transposed(node: onnx.NodeProto, shapes: Shapes) -> int:
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _product(node: onnx.NodeProto, shapes: Shapes) -> int:
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


def _recurrent(node: onnx.NodeProto, shapes: Shapes) -> int:
    steps, batch, _ = shapes[node.input[0]]
    return steps * batch * sum(math.prod(shapes[name]) for name in node.input[1:3])


COUNTERS = {
    "Conv": _conv,
    "ConvTranspose": _transposed,
    "Gemm": _product,
    "MatMul": _product,
    "LSTM": _recurrent,
    "GRU": _recurrent,
}


def count_macs(model: onnx.ModelProto, **free: int) -> int:
    """Multiply-accumulates of convolutions and matrix products; a free axis has size 1."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in fixed.graph.input:
        for each in value.type.tensor_type.shape.dim:
            each.dim_value = each.dim_value or free.get(each.dim_param, 1)
    inferred = onnx.shape_inference.infer_shapes(fixed, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [each.dim_value for each in value.type.tensor_type.shape.dim]
        for value in (*inferred.input, *inferred.output, *inferred.value_info)
    }
    shapes |= {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    return sum(
        COUNTERS[node.op_type](node, shapes) for node in inferred.node if node.op_type in COUNTERS
    )


@pytest.fixture(scope="session")
def macs() -> Callable[..., int]:
    """Counts the multiply-accumulates of a model."""
    return count_macs


@pytest.fixture(scope="session")
def sizes() -> Sizes:
    """From an architecture and options: how many parameters and multiply-accumulates it has."""

    def sizes(architecture: Architecture, **options: str) -> tuple[int, int]:
        outlined = outline(architecture, options)
        return outlined.parameters, count_macs(outlined.model)

    return sizes


def noise(declared: onnxruntime.NodeArg) -> np.ndarray:
    """Two items for this input: normal numbers, or words of a text."""
    shape, random = (2, *declared.shape[1:]), np.random.default_rng(1)
    if declared.type == "tensor(int64)":
        return random.integers(0, 1000, shape)
    return random.standard_normal(shape, np.float32)


@pytest.fixture(scope="session")
def answers() -> Answers:
    """From an ONNX file: its `logits` for two items of noise, checked to be numbers.

    A batch of the two gives what they give alone, and they do not give the same.
    """

    def answers(file: bytes) -> np.ndarray:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        (declared,) = session.get_inputs()
        assert declared.shape[0] == "N"
        items = noise(declared)
        (together,) = session.run(["logits"], {declared.name: items})
        alone = [session.run(None, {declared.name: items[i : i + 1]})[0] for i in range(2)]
        assert np.isfinite(together).all()
        assert 0.01 < together.std() < 1000
        assert np.abs(together - np.concatenate(alone)).max() <= 1e-5 * np.abs(together).max()
        assert np.abs(together[0] - together[1]).mean() > 1e-3 * together.std()
        return together

    return answers
