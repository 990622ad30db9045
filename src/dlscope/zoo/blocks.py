"""`Layers`: what image networks are written with, layer by layer, into a graph.

A value N×C×H×W is known by its name and its axes behind the batch, C×H×W. A layer `name` has the
node `name` and parameters such as `name.weight`; batch normalisation is a node of its own. Weights
are drawn as He et al. have it ("Delving deep into rectifiers", 2015): deviation √(2/inputs).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from dlscope.core.errors import ShapeError
from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.parameters import Law, Parameters

Size = int | tuple[int, int]
"""One number for height and width, or one for each."""

Activation = Literal["relu", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "sigmoid"]

_OPERATORS: dict[str, tuple[str, dict[str, float]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.1}),
    "hard_swish": ("HardSwish", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "sigmoid": ("Sigmoid", {}),
}
_SHIFT = Law(0.0, 0.1)


@dataclass(frozen=True)
class Value:
    """A value of the graph: its name, and its axes without the batch."""

    name: str
    shape: tuple[int, ...]

    @property
    def channels(self) -> int:
        """The first axis behind the batch."""
        return self.shape[0]


@final
class Layers:
    """Writes layers into `graph`, with arrays from `parameters`."""

    def __init__(self, graph: GraphBuilder, parameters: Parameters) -> None:
        self.graph = graph
        self._parameters = parameters
        self._scalars: dict[float, str] = {}

    def input(self, name: str, *shape: int) -> Value:
        """A new float32 input of the graph, the batch N in front."""
        return Value(self.graph.input(name, "float32", ("N", *shape)), shape)

    def output(self, value: Value) -> None:
        """Declare `value` a float32 output of the graph."""
        self.graph.output(value.name, "float32", ("N", *value.shape))

    def parameter(self, name: str, shape: Sequence[int], law: Law) -> str:
        """A new array of the network."""
        return self._parameters.define(self.graph, name, tuple(shape), law)

    def weight(self, name: str, shape: Sequence[int], inputs: int) -> str:
        """A new array of weights, `inputs` of which are added up to an output."""
        return self.parameter(name, shape, Law(0.0, math.sqrt(2 / inputs)))

    def node(
        self, operator: str, name: str, inputs: Sequence[str], shape: Sequence[int], **more: Any
    ) -> Value:
        """A new node with attributes `more`, whose output has this shape behind the batch."""
        return Value(self.graph.node(operator, inputs, output=name, **more), tuple(shape))

    def conv(
        self,
        name: str,
        value: Value,
        channels: int,
        kernel: Size = 1,
        stride: int = 1,
        padding: Size | None = None,
        *,
        groups: int = 1,
        dilation: int = 1,
        bias: bool = False,
    ) -> Value:
        """A convolution; without `padding`, what keeps the size under stride 1 and odd kernels."""
        kernels, inputs = _pair(kernel), value.channels // groups
        pads = _pair(padding) if padding is not None else _same(kernels, dilation)
        parameters = [
            self.weight(f"{name}.weight", (channels, inputs, *kernels), inputs * math.prod(kernels))
        ]
        if bias:
            parameters.append(self.parameter(f"{name}.bias", (channels,), _SHIFT))
        extents = [dilation * (size - 1) + 1 for size in kernels]
        sides = [
            (size + 2 * pad - extent) // stride + 1
            for size, pad, extent in zip(value.shape[1:], pads, extents, strict=True)
        ]
        return self.node(
            "Conv",
            name,
            [value.name, *parameters],
            (channels, *sides),
            kernel_shape=kernels,
            strides=[stride, stride],
            pads=[*pads, *pads],
            dilations=[dilation, dilation],
            group=groups,
        )

    def batch_norm(
        self, name: str, value: Value, *, scale: float = 1.0, epsilon: float = 1e-5
    ) -> Value:
        """Batch normalisation by statistics near 0 and 1, and a scale near `scale`.

        A small `scale` at the end of a residual branch keeps a deep sum of branches from growing.
        """
        laws = {
            "weight": Law(scale, scale / 10),
            "bias": _SHIFT,
            "running_mean": Law(0.0, 0.1, learnt=False),
            "running_var": Law(1.0, 0.1, learnt=False),
        }
        parameters = [
            self.parameter(f"{name}.{part}", (value.channels,), law) for part, law in laws.items()
        ]
        inputs = [value.name, *parameters]
        return self.node("BatchNormalization", name, inputs, value.shape, epsilon=epsilon)

    def activate(self, name: str, value: Value, kind: Activation) -> Value:
        """An activation of each element."""
        if kind == "relu6":
            bounds = [self.scalar(0.0), self.scalar(6.0)]
            return self.node("Clip", name, [value.name, *bounds], value.shape)
        operator, attributes = _OPERATORS[kind]
        return self.node(operator, name, [value.name], value.shape, **attributes)

    def conv_norm(
        self,
        name: str,
        value: Value,
        channels: int,
        kernel: Size = 1,
        stride: int = 1,
        padding: Size | None = None,
        *,
        groups: int = 1,
        dilation: int = 1,
        activation: Activation | None = "relu",
        scale: float = 1.0,
        epsilon: float = 1e-5,
    ) -> Value:
        """`name.conv`, `name.bn` and the activation, named `name.relu` or whatever it is."""
        value = self.conv(
            f"{name}.conv", value, channels, kernel, stride, padding, groups=groups,
            dilation=dilation,
        )  # fmt: skip
        value = self.batch_norm(f"{name}.bn", value, scale=scale, epsilon=epsilon)
        if activation is None:
            return value
        return self.activate(f"{name}.{activation}", value, activation)

    def max_pool(
        self,
        name: str,
        value: Value,
        kernel: int,
        stride: int,
        padding: int = 0,
        *,
        ceil: bool = False,
    ) -> Value:
        """The largest of each window; with `ceil` a window may reach beyond the edge."""
        return self._pool("MaxPool", name, value, kernel, stride, padding, ceil)

    def average_pool(
        self, name: str, value: Value, kernel: int, stride: int, padding: int = 0
    ) -> Value:
        """The mean of each window, zeros of the padding included."""
        return self._pool(
            "AveragePool", name, value, kernel, stride, padding, False, count_include_pad=1
        )

    def _pool(
        self,
        operator: str,
        name: str,
        value: Value,
        kernel: int,
        stride: int,
        padding: int,
        ceil: bool,
        **more: int,
    ) -> Value:
        spare = stride - 1 if ceil else 0
        sides = [(size + 2 * padding - kernel + spare) // stride + 1 for size in value.shape[1:]]
        return self.node(
            operator,
            name,
            [value.name],
            (value.channels, *sides),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[padding] * 4,
            ceil_mode=int(ceil),
            **more,
        )

    def global_pool(self, name: str, value: Value) -> Value:
        """The mean of each channel: C×1×1."""
        return self.node("GlobalAveragePool", name, [value.name], (value.channels, 1, 1))

    def flatten(self, name: str, value: Value) -> Value:
        """All axes behind the batch as one."""
        return self.node("Flatten", name, [value.name], (math.prod(value.shape),), axis=1)

    def linear(self, name: str, value: Value, outputs: int, *, output: str = "") -> Value:
        """A fully connected layer on the only axis of `value`; its node is `output` or `name`."""
        inputs = value.channels
        parameters = [
            self.weight(f"{name}.weight", (outputs, inputs), inputs),
            self.parameter(f"{name}.bias", (outputs,), _SHIFT),
        ]
        return self.node("Gemm", output or name, [value.name, *parameters], (outputs,), transB=1)

    def classify(self, name: str, value: Value, classes: int) -> None:
        """The mean of each channel, a fully connected layer `name`, and the output `logits`."""
        features = self.flatten("flatten", self.global_pool("average", value))
        self.output(self.linear(name, features, classes, output="logits"))

    def add(self, name: str, value: Value, other: Value) -> Value:
        """The sum of two values of one shape. Raises `ShapeError` for two shapes."""
        if value.shape != other.shape:
            raise ShapeError(
                f"{value.name} is {_text(value.shape)}, {other.name} is {_text(other.shape)}",
                where=f"graph {self.graph.name}, node {name!r}",
                fix="add values of one shape",
            )
        return self.node("Add", name, [value.name, other.name], value.shape)

    def concat(self, name: str, values: Sequence[Value]) -> Value:
        """Values of one height and width, behind one another along the channels."""
        channels = sum(value.channels for value in values)
        names = [value.name for value in values]
        return self.node("Concat", name, names, (channels, *values[0].shape[1:]), axis=1)

    def enlarge(self, name: str, value: Value, factor: int) -> Value:
        """Bilinear interpolation to `factor` times the height and width."""
        scales = self.graph.constant(f"{name}.scales", np.array([1, 1, factor, factor], np.float32))
        sides = [size * factor for size in value.shape[1:]]
        return self.node(
            "Resize", name, [value.name, "", scales], (value.channels, *sides), mode="linear"
        )

    def reshape(self, name: str, value: Value, *shape: int) -> Value:
        """The elements of each item in another shape."""
        target = self.graph.constant(f"{name}.shape", np.array([0, *shape]))
        return self.node("Reshape", name, [value.name, target], shape)

    def scalar(self, number: float) -> str:
        """The name of a constant number; each is written once."""
        if number not in self._scalars:
            name = self.graph.constant(f"constant.{number:.9g}", np.float32(number))
            self._scalars[number] = name
        return self._scalars[number]


def _text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _same(kernels: tuple[int, int], dilation: int) -> tuple[int, int]:
    height, width = (dilation * (size - 1) // 2 for size in kernels)
    return height, width
