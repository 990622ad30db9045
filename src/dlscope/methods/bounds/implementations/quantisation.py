"""`Quantised`: a brick of one operator in 8-bit integers, as ONNX writes it down.

Each tensor is DequantizeLinear's of integers, and the result goes through QuantizeLinear; a
library that has whole-number kernels sees the pattern and computes in integers throughout:

    x ≈ scale · (q − zero)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model

Array = NDArray[Any]

OPERATORS = frozenset(
    {"Add", "AveragePool", "Concat", "Conv", "Gemm", "GlobalAveragePool", "LeakyRelu", "MatMul"}
    | {"MaxPool", "Mul", "Sigmoid"}
)
"""Those whose meaning did not change since the versions that models use."""
_PRODUCTS = frozenset({"Conv", "Gemm", "MatMul"})
_KEEPING = frozenset({"MaxPool"})
"""Those that choose among what comes in: what goes out has the same scale."""
_BIAS = 2
_SMALLEST_STEP = 1e-30
_OPSET = 17


@final
@dataclass(frozen=True)
class Scale:
    """The step and the zero point of one tensor; a step for each slice along axis 0 is an array."""

    step: Array
    zero: Array

    @classmethod
    def unsigned(cls, values: Array) -> Self:
        """Both ends of the range of `values`, and 0, among 256 levels."""
        low, high = (float(end(values, initial=0.0)) for end in (np.min, np.max))
        step = _usable(np.float32((high - low) / 255))
        return cls(np.asarray(step), np.asarray(round(-low / float(step)), np.uint8))

    @classmethod
    def signed(cls, weights: Array, *, by_slice: bool) -> Self:
        """The largest magnitude at 127, of each slice along axis 0 or of all."""
        rows = weights.reshape(len(weights), -1) if by_slice else weights.reshape(1, -1)
        step = _usable((np.abs(rows).max(1) / 127).astype(np.float32))
        step = step if by_slice else step[0]
        return cls(np.asarray(step), np.zeros(np.shape(step), np.int8))

    def quantised(self, values: Array) -> Array:
        """The nearest integers, those beyond the ends at the ends."""
        step, zero = (self._along(each, values.ndim) for each in (self.step, self.zero))
        limits = np.iinfo(self.zero.dtype)
        levels = np.round(values / step) + zero.astype(np.float64)
        return np.clip(levels, limits.min, limits.max).astype(self.zero.dtype)

    def restored(self, levels: Array) -> Array:
        """The numbers that integers stand for."""
        shifted = levels.astype(np.float32) - self.zero.astype(np.float32)
        return np.asarray(shifted * self.step)

    def _along(self, each: Array, axes: int) -> Array:
        return each.reshape(-1, *(1,) * (axes - 1)) if each.ndim else each


@final
@dataclass(frozen=True)
class Quantised:
    """A model that takes and gives integers, its `feeds`, and the `scales` of its outputs."""

    model: onnx.ModelProto
    feeds: Mapping[str, Array]
    scales: Sequence[Scale]

    @classmethod
    def of(cls, brick: Brick, outputs: Sequence[Array]) -> Self:
        """The brick, whose inputs and `outputs` say which numbers there are."""
        plain = brick_model(brick)
        (node,) = plain.graph.node
        writer = _Writer(node)
        feeds = brick_feeds(brick)
        scales = {name: Scale.unsigned(array) for name, array in feeds.items()}
        integers = {f"{name}_q": scales[name].quantised(feeds[name]) for name in feeds}
        for name, scale in scales.items():
            writer.dequantise(f"{name}_q", name, scale)
        for tensor in plain.graph.initializer:
            writer.constant(tensor.name, numpy_helper.to_array(tensor), scales)
        names = list(map(value_name, brick.outputs))
        given = [Scale.unsigned(np.asarray(each)) for each in outputs]
        if node.op_type in _KEEPING:
            given = [scales[node.input[0]]]
        writer.compute()
        for name, scale in zip(names, given, strict=True):
            writer.quantise(name, f"{name}_q", scale)
        return cls(writer.model(integers, [f"{name}_q" for name in names]), integers, given)

    def restored(self, outputs: Sequence[Array]) -> Sequence[Array]:
        """The numbers that the model's outputs stand for."""
        return [scale.restored(each) for scale, each in zip(self.scales, outputs, strict=True)]


def why_not_quantised(brick: Brick) -> str | None:
    """Why there is no model in integers of a brick; None where there is one."""
    if len(brick.layers) != 1 or brick.layers[0].domain:
        return "only single operators of ONNX are quantised"
    if brick.layers[0].op_type not in OPERATORS:
        return f"{brick.layers[0].op_type} is not quantised"
    places = (*brick.inputs, *brick.constants, *brick.outputs)
    if any(brick.tensors[place].dtype != "float32" for place in places):
        return "only float32 tensors are quantised"
    return None


@final
class _Writer:
    def __init__(self, node: onnx.NodeProto) -> None:
        self._node = node
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, Array] = {}
        self._weight: Scale | None = None

    def dequantise(self, source: str, target: str, scale: Scale) -> None:
        self._convert("DequantizeLinear", source, target, scale)

    def quantise(self, source: str, target: str, scale: Scale) -> None:
        self._convert("QuantizeLinear", source, target, scale)

    def compute(self) -> None:
        self._nodes.append(self._node)

    def constant(self, name: str, values: Array, scales: Mapping[str, Scale]) -> None:
        """Weights around their zero, biases in steps of the products, all else like an input."""
        place = list(self._node.input).index(name)
        if self._node.op_type not in _PRODUCTS:
            scale = Scale.unsigned(values)
        elif place == _BIAS:
            scale = self._bias(scales)
        else:
            by_slice = self._node.op_type == "Conv"
            scale = self._weight = Scale.signed(values, by_slice=by_slice)
        self._constants[f"{name}_q"] = scale.quantised(values)
        self.dequantise(f"{name}_q", name, scale)

    def model(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes,
            "quantised",
            [_declared(name, array) for name, array in inputs.items()],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10
        )

    def _bias(self, scales: Mapping[str, Scale]) -> Scale:
        assert self._weight is not None  # ONNX lists the weight first
        step = scales[self._node.input[0]].step * self._weight.step
        return Scale(np.asarray(step), np.zeros(np.shape(step), np.int32))

    def _convert(self, kind: str, source: str, target: str, scale: Scale) -> None:
        step, zero = f"{target}_step", f"{target}_zero"
        self._constants |= {step: scale.step, zero: scale.zero}
        node = helper.make_node(kind, [source, step, zero], [target], axis=0)
        self._nodes.append(node)


def _usable(step: Any) -> Any:
    """Steps that can be divided by: 1 where all that there is, is as good as 0."""
    return np.where(step < _SMALLEST_STEP, np.float32(1), step)


def _declared(name: str, array: Array) -> onnx.ValueInfoProto:
    dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, dtype, array.shape)
