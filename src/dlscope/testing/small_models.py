"""Small ONNX models with natural weights, and inputs for them: what backends are compared on.

Axes: N batch, C channels, H height, W width, T tokens, D features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

Array = NDArray[Any]
Shape = Sequence[int | str]
_OPSET = 17
_IR_VERSION = 8


@final
class ModelBuilder:
    """Collects nodes and weights; weights have the variance that keeps activations near 1."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._nodes: list[NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, *shape: int, fan_in: int) -> str:
        """Name of a new normal weight of variance 2/fan_in."""
        scale = math.sqrt(2 / fan_in)
        return self.constant((self._rng.standard_normal(shape) * scale).astype(np.float32))

    def positive(self, *shape: int) -> str:
        """Name of a new weight in [0.5, 1.5), such as a variance or a gain."""
        return self.constant(self._rng.uniform(0.5, 1.5, shape).astype(np.float32))

    def constant(self, value: Array | np.generic) -> str:
        """Name of a new initialiser holding `value`."""
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, op_type: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node; returns the name of its output."""
        name = output or f"t{len(self._nodes)}"
        node = helper.make_node(op_type, list(inputs), [name], name=name, **attributes)
        self._nodes.append(node)
        return name

    def save(
        self,
        path: Path,
        inputs: dict[str, tuple[type[np.generic], Shape]],
        outputs: dict[str, tuple[type[np.generic], Shape]],
        *,
        opset: int = _OPSET,
    ) -> Path:
        """Write the model; returns `path`. The model has been checked."""
        graph = helper.make_graph(
            self._nodes, "small", _values(inputs), _values(outputs), self._weights
        )
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


@dataclass(frozen=True)
class SmallModel:
    """A model of one input `x` and one output `y`: `build` writes it, `feed` makes an input."""

    build: Callable[[Path], Path]
    feed: Callable[[int], Array]


def _values(
    specs: dict[str, tuple[type[np.generic], Shape]],
) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
        for name, (dtype, shape) in specs.items()
    ]


def _save(model: ModelBuilder, path: Path, shape: Shape, out: Shape) -> Path:
    return model.save(path, {"x": (np.float32, shape)}, {"y": (np.float32, out)})


def convolutions(path: Path) -> Path:
    """Two convolutions, unevenly padded, clipped as ReLU6 does, with a shortcut around one."""
    model = ModelBuilder()
    low, high = (model.constant(np.float32(bound)) for bound in (0.0, 6.0))
    stem = model.add(
        "Conv",
        "x",
        model.weight(8, 3, 3, 3, fan_in=27),
        model.weight(8, fan_in=8),
        strides=[2, 2],
        pads=[0, 0, 1, 1],
    )
    clipped = model.add("Clip", stem, low, high)
    project = model.add("Conv", clipped, model.weight(8, 8, 1, 1, fan_in=8))
    model.add("Add", project, clipped, output="y")
    return _save(model, path, ["N", 3, 12, 12], ["N", 8, 6, 6])


def depthwise(path: Path) -> Path:
    """A depthwise convolution, one filter per channel, then a dilated one of two groups."""
    model = ModelBuilder()
    depth = model.add(
        "Conv", "x", model.weight(8, 1, 5, 5, fan_in=25), group=8, pads=[1, 1, 2, 2], strides=[2, 2]
    )
    weight = model.weight(4, 4, 3, 3, fan_in=36)
    model.add("Conv", depth, weight, group=2, pads=[2, 2, 2, 2], dilations=[2, 2], output="y")
    return _save(model, path, ["N", 8, 12, 12], ["N", 4, 6, 6])


def dense(path: Path) -> Path:
    """A fully connected layer."""
    model = ModelBuilder()
    flat = model.add("Flatten", "x")
    weight, bias = model.weight(10, 48, fan_in=48), model.weight(10, fan_in=10)
    model.add("Gemm", flat, weight, bias, transB=1, output="y")
    return _save(model, path, ["N", 3, 4, 4], ["N", 10])


def encoder(path: Path) -> Path:
    """Attention over tokens after a GELU (spelled out with Erf) and a layer normalisation."""
    model = ModelBuilder()
    hidden = model.add("MatMul", "x", model.weight(16, 16, fan_in=16))
    hidden = model.add("Add", hidden, model.weight(16, fan_in=16))
    scaled = model.add("Div", hidden, model.constant(np.float32(math.sqrt(2))))
    gate = model.add("Add", model.add("Erf", scaled), model.constant(np.float32(1)))
    halved = model.add("Mul", hidden, model.constant(np.float32(0.5)))
    gelu = model.add("Mul", halved, gate)
    normed = model.add(
        "LayerNormalization", gelu, model.positive(16), model.weight(16, fan_in=16), axis=-1
    )
    keys = model.add("Transpose", normed, perm=[0, 2, 1])
    scores = model.add("Softmax", model.add("MatMul", normed, keys), axis=-1)
    model.add("MatMul", scores, normed, output="y")
    return _save(model, path, ["N", 4, 16], ["N", 4, 16])


def pooling(path: Path) -> Path:
    """Maximum, average (padding counted) and global average pooling."""
    model = ModelBuilder()
    window: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    largest = model.add("MaxPool", "x", strides=[2, 2], **window)
    mean = model.add("AveragePool", largest, count_include_pad=1, **window)
    whole = model.add("GlobalAveragePool", mean)
    model.add("Add", mean, whole, output="y")
    return _save(model, path, ["N", 4, 9, 9], ["N", 4, 5, 5])


def batch_normalization(path: Path) -> Path:
    """A batch normalisation that uses its stored mean and variance."""
    model = ModelBuilder()
    scale, bias = model.positive(6), model.weight(6, fan_in=6)
    mean, variance = model.weight(6, fan_in=6), model.positive(6)
    model.add("BatchNormalization", "x", scale, bias, mean, variance, epsilon=1e-3, output="y")
    return _save(model, path, ["N", 6, 5, 5], ["N", 6, 5, 5])


def embedding(path: Path) -> Path:
    """Rows of a table chosen by int64 token numbers."""
    model = ModelBuilder()
    model.add("Gather", model.weight(20, 8, fan_in=2), "x", output="y")
    return model.save(path, {"x": (np.int64, ["N", 6])}, {"y": (np.float32, ["N", 6, 8])})


def identity(path: Path) -> Path:
    """A model that hands its input through, to see whose memory comes out."""
    model = ModelBuilder()
    model.add("Identity", "x", output="y")
    return _save(model, path, ["N", 3, 4, 4], ["N", 3, 4, 4])


def sum_and_difference(path: Path) -> Path:
    """From `a:0` and `b.1`, declared the other way round, to `plus` and `minus`."""
    model = ModelBuilder()
    model.add("Sub", "a:0", "b.1", output="minus")
    model.add("Add", "a:0", "b.1", output="plus")
    spec: tuple[type[np.generic], Shape] = (np.float32, ["N", 3, 4, 4])
    return model.save(path, {"b.1": spec, "a:0": spec}, {"plus": spec, "minus": spec})


def next_whole_number(path: Path) -> Path:
    """From int64 x[N] to y[N] = x + 1."""
    model = ModelBuilder()
    model.add("Add", "x", model.constant(np.int64(1)), output="y")
    spec: tuple[type[np.generic], Shape] = (np.int64, ["N"])
    return model.save(path, {"x": spec}, {"y": spec})


def widening(path: Path) -> Path:
    """A model from x[N, 1] to y[N, 1] with 65 536 floats for each row in between.

    50 million rows need 13 TB, which no machine has: what a framework says then can be seen.
    """
    model = ModelBuilder()
    wide = model.add("MatMul", "x", model.constant(np.ones((1, 65536), np.float32)))
    model.add("ReduceMean", wide, axes=[1], output="y")
    return _save(model, path, ["N", 1], ["N", 1])


def normal(*shape: int) -> Callable[[int], Array]:
    """A maker of seeded normal float32 batches of items of `shape`."""

    def feed(batch: int) -> Array:
        rng = np.random.default_rng(batch)
        return rng.standard_normal((batch, *shape)).astype(np.float32)

    return feed


def tokens(batch: int) -> Array:
    """Seeded int64 token numbers below 20, N×6."""
    return np.random.default_rng(batch).integers(0, 20, (batch, 6))


SMALL_MODELS = {
    "convolutions": SmallModel(convolutions, normal(3, 12, 12)),
    "depthwise": SmallModel(depthwise, normal(8, 12, 12)),
    "dense": SmallModel(dense, normal(3, 4, 4)),
    "encoder": SmallModel(encoder, normal(4, 16)),
    "pooling": SmallModel(pooling, normal(4, 9, 9)),
    "batch_normalization": SmallModel(batch_normalization, normal(6, 5, 5)),
    "embedding": SmallModel(embedding, tokens),
}
