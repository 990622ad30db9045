"""`to_qdq`: an integer network as quantised ONNX, which runtimes compute with small integers.

Every layer reads numbers that were quantised and dequantised again; a runtime fuses the pair into
the layer. Bits that no ONNX type has are kept in the next wider one, cut to their range.

ONNX rounds halves to even, dlscope up. A bias leaves room for that: it is put in the middle
between two sums of products, so that no sum is a half. Where 8 bit weights leave no bit for it, a
result may be off by one step where a sum is a half. An `exact` network adds biases in nodes of
their own, which no runtime fuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.codesign.emission.grid import Grid, Integers
from dlscope.methods.codesign.emission.integer_network import (
    Average,
    IntegerLayer,
    IntegerNetwork,
)
from dlscope.methods.codesign.float_model import INPUT, answer, matrix, multiplied

_BYTE, _MOST_BITS = 8, 16
_FORMS = {8: (19, 9), 16: (21, 10)}  # the first opset and form of file for so many bits


def to_qdq(
    network: IntegerNetwork, *, name: str = "design", exact: bool = False
) -> onnx.ModelProto:
    """`network` as ONNX: `input` N×C×H×W float32, `logits` N×classes float32.

    `exact` gives the integers of `network` wherever float32 holds their sums and means, and is
    slower. Raises `SearchError` for numbers of more than 16 bits.
    """
    for layer in network.layers:
        _require_types(layer)
    return _Writer(network, GraphBuilder(name), exact=exact).written()


@final
class _Writer:
    """Writes one network into one graph."""

    def __init__(self, network: IntegerNetwork, graph: GraphBuilder, *, exact: bool) -> None:
        self._network = network
        self._graph = graph
        self._exact = exact
        self._numbers: dict[bytes, str] = {}

    def written(self) -> onnx.ModelProto:
        """The finished model."""
        graph, network = self._graph, self._network
        value = graph.input(INPUT, "float32", ("N", *network.input))
        value = self._narrowed("image", self._image(value), network.layers[0].reads)
        given: list[str] = []
        for layer in network.layers:
            value = self._layer(layer, value, given)
            given.append(value)
        answer(graph, value, network.classes)
        is_wide = any(bits > _BYTE for layer in network.layers for bits in _bits(layer))
        opset, ir_version = _FORMS[_MOST_BITS if is_wide else _BYTE]
        return graph.finish(opset=opset, ir_version=ir_version)

    def _image(self, value: str) -> str:
        """The input, an exact network's rounded here, where halves are of any kind."""
        if not self._exact:
            return value
        step = self._number(np.float32(self._network.layers[0].reads.step))
        for operator, other in (("Div", step), ("Add", self._number(np.float32(0.5)))):
            value = self._graph.node(operator, [value, other], output=f"image.{operator.lower()}")
        value = self._graph.node("Floor", [value], output="image.floor")
        return self._graph.node("Mul", [value, step], output="image.rounded")

    def _layer(self, layer: IntegerLayer, value: str, given: list[str]) -> str:
        graph = self._graph
        value = multiplied(graph, layer, value, self._parameters(layer))
        if self._exact:
            value = self._added(layer, value)
        if layer.source is not None:
            value = graph.node("Add", [value, given[layer.source]], output=f"{layer.name}.sum")
        if layer.gives is None:
            return value
        if layer.average is not None:
            value = self._averaged(layer, layer.average, value)
        return self._narrowed(layer.name, value, layer.gives, (layer.least, layer.most))

    def _averaged(self, layer: IntegerLayer, average: Average, value: str) -> str:
        """The mean over the map; each channel is cut where its activation cuts it."""
        bounds = average.floor * 2.0**layer.exponents, average.ceiling * 2.0**layer.exponents
        least, most = (float(bound.max()) for bound in bounds)
        if least == 0:
            ends = [np.float32(least), np.float32(most)]
            value = self._cut(f"{layer.name}.activation", value, ends)
        return self._graph.node("GlobalAveragePool", [value], output=f"{layer.name}.average")

    def _added(self, layer: IntegerLayer, value: str) -> str:
        """`value` and its bias, in a node of its own."""
        shape = (-1,) if layer.shape.kind == "dense" else (-1, 1, 1)
        bias = _raised(layer).astype(np.float32).reshape(shape)
        constant = self._graph.constant(f"{layer.name}.bias", bias)
        return self._graph.node("Add", [value, constant], output=f"{layer.name}.added")

    def _narrowed(
        self, name: str, value: str, grid: Grid, ends: tuple[int, int] | None = None
    ) -> str:
        """`value` quantised, cut to `ends` or those of `grid`, and dequantised again.

        Numbers with a sign are stored without one, 0 in the middle: runtimes fuse layers that read
        and give the same type.
        """
        dtype = _dtype(grid.bits, is_signed=False)
        middle = np.iinfo(dtype).max // 2 + 1 if grid.is_signed else 0
        parameters = [self._number(np.float32(grid.step)), self._number(dtype.type(middle))]
        ends = ends or (grid.least, grid.most)
        is_cut = ends != (-middle, np.iinfo(dtype).max - middle)
        is_wide = grid.bits > _BYTE  # runtimes do not cut these as integers
        if is_cut and is_wide:
            value = self._cut(f"{name}.cut", value, [np.float32(end * grid.step) for end in ends])
        inputs = [value, *parameters]
        value = self._graph.node("QuantizeLinear", inputs, output=f"{name}.quantised")
        if is_cut and not is_wide:
            value = self._cut(f"{name}.cut", value, [dtype.type(middle + end) for end in ends])
        inputs = [value, *parameters]
        return self._graph.node("DequantizeLinear", inputs, output=f"{name}.dequantised")

    def _cut(self, name: str, value: str, ends: Sequence[np.generic]) -> str:
        bounds = [self._number(end) for end in ends]
        return self._graph.node("Clip", [value, *bounds], output=name)

    def _parameters(self, layer: IntegerLayer) -> list[str]:
        """Weights and bias, dequantised: float numbers that a runtime takes apart again.

        Weights use all bits of their type, since a bias is told in steps of their products. Layers
        that no runtime fuses have both as they are, or they would be dequantised in every run. An
        exact network has its biases elsewhere.
        """
        name = f"{layer.name}.bias"
        dtype = _dtype(layer.precision.weight_bits, is_signed=True)
        free = np.iinfo(dtype).bits - layer.precision.weight_bits
        steps = layer.weight_exponents - free + layer.reads.exponent
        whole = np.floor(_centred(layer) / 2.0**steps + 0.5)
        if self._exact:
            return [self._weight(layer, free, dtype)]
        if _is_fused(layer) and np.abs(whole).max() <= np.iinfo(np.int32).max:
            bias = self._dequantised(name, whole.astype(np.int32), steps)
            return [self._weight(layer, free, dtype), bias]
        values = layer.weights * 2.0 ** layer.weight_exponents[:, None, None, None]
        stored = matrix(layer, values).astype(np.float32)
        weight = self._graph.constant(f"{layer.name}.weight", stored)
        return [weight, self._graph.constant(name, _raised(layer).astype(np.float32))]

    def _weight(self, layer: IntegerLayer, free: int, dtype: np.dtype[Any]) -> str:
        """The weights, dequantised, shifted up by the bits that are `free` of their type."""
        stored = matrix(layer, layer.weights << free).astype(dtype)
        return self._dequantised(f"{layer.name}.weight", stored, layer.weight_exponents - free)

    def _dequantised(self, name: str, array: NDArray[Any], exponents: Integers) -> str:
        steps = self._graph.constant(f"{name}.step", (2.0**exponents).astype(np.float32))
        zeros = self._graph.constant(f"{name}.zero", np.zeros(len(exponents), array.dtype))
        stored = self._graph.constant(f"{name}.quantised", array)
        return self._graph.node("DequantizeLinear", [stored, steps, zeros], output=name, axis=0)

    def _number(self, number: np.generic) -> str:
        """The name of a constant; each is written once."""
        key = number.dtype.str.encode() + number.tobytes()
        if key not in self._numbers:
            name = f"{number.dtype}.{len(self._numbers)}"
            self._numbers[key] = self._graph.constant(name, number)
        return self._numbers[key]


def _is_fused(layer: IntegerLayer) -> bool:
    """Whether a runtime may compute the layer with integers: what it sums is rounded at once."""
    return layer.gives is not None and layer.average is None and layer.source is None


def _centred(layer: IntegerLayer) -> NDArray[np.float64]:
    """The bias in the middle between the sums at which another number is given, so that none is.

    Of a bias b beside products of step u, which are rounded to steps v, only ⌊b / u⌋ matters
    where u < v, and ⌊b / v + 1/2⌋ elsewhere.
    """
    bias = layer.bias * 2.0**layer.exponents
    if layer.gives is None:
        return bias
    product = 2.0 ** (layer.weight_exponents + layer.reads.exponent)
    step = layer.gives.step
    middle = (np.floor(bias / product) + 0.5) * product
    return np.where(product < step, middle, np.floor(bias / step + 0.5) * step)


def _raised(layer: IntegerLayer) -> NDArray[np.float64]:
    """The bias and a quarter of the least distance of a sum from a half: no half is left."""
    bias = layer.bias * 2.0**layer.exponents
    if layer.gives is None:
        return bias
    count = 1 if layer.average is None else layer.average.count
    finest = np.minimum(layer.exponents, layer.gives.exponent)
    is_rounded = (layer.shifts > 0) | (count > 1)
    return bias + np.where(is_rounded, 2.0 ** (finest - 2) / count, 0)


def _dtype(bits: int, *, is_signed: bool) -> np.dtype[Any]:
    width = _BYTE if bits <= _BYTE else _MOST_BITS
    return np.dtype(f"{'int' if is_signed else 'uint'}{width}")


def _bits(layer: IntegerLayer) -> tuple[int, int]:
    return layer.precision.weight_bits, layer.reads.bits


def _require_types(layer: IntegerLayer) -> None:
    widest = max(_bits(layer))
    if widest > _MOST_BITS:
        raise SearchError(
            f"{widest} bits have no quantised type in ONNX",
            where=f"layer {layer.name}: {layer.shape}",
            fix=f"use at most {_MOST_BITS} bits, or float32 (to_onnx)",
        )
