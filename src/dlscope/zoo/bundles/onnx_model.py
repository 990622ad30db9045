"""A stacked network as ONNX, its normalisations folded; weights drawn where only time matters.

w' = w · γ / √(σ² + ε)        b' = β − μ · γ / √(σ² + ε)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.core.errors import GraphError
from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.bundles.bundle import BOUNDS
from dlscope.zoo.bundles.layout import COLORS, StackedLayer, StackedLayout
from dlscope.zoo.skynet.folding import EPSILON, require_finite
from dlscope.zoo.skynet.onnx_model import LOWERINGS, Lowering

Array: TypeAlias = NDArray[np.float32]
State: TypeAlias = Mapping[str, NDArray[Any]]
INPUT, OUTPUT = "image", "head"
_PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
_POOLS = {"max": "MaxPool", "average": "AveragePool"}


@final
@dataclass(frozen=True)
class FoldedLayer:
    """Weight [K, C/groups, k, k] and bias [K] of a convolution; the head has no bias."""

    weight: Array
    bias: Array | None


def fold(layout: StackedLayout, state: State) -> list[FoldedLayer]:
    """The convolutions of a trained network, by its own names, normalisations folded.

    Raises `GraphError` for arrays that are missing, of other shapes, or no numbers.
    """
    require_finite(state)
    return [
        _folded(layer, prefix, state)
        for layer, prefix in zip(layout.layers, _prefixes(layout), strict=True)
    ]


def drawn(layout: StackedLayout, seed: int = 0) -> list[FoldedLayer]:
    """Weights that nothing was learnt with, at the scale of He et al. 2015."""
    generator = np.random.default_rng(seed)
    folded = []
    for layer in layout.layers:
        shape = _shape(layer)
        scale = np.sqrt(2 / np.prod(shape[1:]))
        weight = (generator.standard_normal(shape) * scale).astype(np.float32)
        bias = np.zeros(layer.channels_out, np.float32) if layer.is_normalised else None
        folded.append(FoldedLayer(weight, bias))
    return folded


def forms_of(layout: StackedLayout) -> tuple[Lowering, ...]:
    """The ways to write a network: only a bypass has several, and only DW can absorb it."""
    if not layout.bypass:
        return LOWERINGS[:1]
    first = layout.bundle.components[0].kind
    return LOWERINGS if first == "depthwise" else LOWERINGS[:2]


def onnx_model(
    layout: StackedLayout, folded: Sequence[FoldedLayer], *, form: Lowering = "slices"
) -> onnx.ModelProto:
    """`image` N×3×H×W → `head` N×10×h×w, with a free batch, its reorder in one of `forms_of`.

    Raises `GraphError` for another form.
    """
    if form not in forms_of(layout):
        raise GraphError(
            f"the network cannot be written with its reorder as {form}",
            where=f"stacked bundles, {layout.bundle.id}",
            fix=f"use {' or '.join(forms_of(layout))}",
        )
    writer = _Writer(layout)
    layers = iter(zip(layout.layers, folded, strict=True))
    value = around = writer.graph.input(INPUT, "float32", ("N", COLORS, *layout.size))
    last = len(layout.widths) - 1
    for index in range(len(layout.widths)):
        is_joined = layout.bypass and index == last
        if is_joined and form != "absorb":
            value = writer.joined(around, value, form)
        for part in range(len(layout.bundle.components)):
            layer, arrays = next(layers)
            name = f"bundle{index + 1}.{part + 1}"
            if is_joined and form == "absorb" and part == 0:
                value = writer.active(writer.absorbed(name, around, value, layer, arrays))
            else:
                value = writer.active(writer.conv(name, value, layer, arrays))
        if layout.pools and index == layout.pools[-1] - 1:
            around = value
        if index + 1 in layout.pools:
            value = writer.pool(f"pool{index + 1}", value)
    layer, arrays = next(layers)
    value = writer.conv(OUTPUT, value, layer, arrays)
    writer.graph.output(value, "float32", ("N", layer.channels_out, *layer.size))
    return writer.graph.finish()


@final
class _Writer:
    """Writes the parts of a stacked network into a graph."""

    def __init__(self, layout: StackedLayout) -> None:
        self.graph = GraphBuilder(f"stacked_{layout.bundle.id}")
        self._pool = _POOLS[layout.pooling]
        self._around = layout.widths[layout.pools[-1] - 1] if layout.bypass else 0
        bound = BOUNDS[layout.act]
        self._bounds = [] if bound is None else [self._clip("low", 0.0), self._clip("high", bound)]

    def conv(self, name: str, value: str, layer: StackedLayer, arrays: FoldedLayer) -> str:
        inputs = [value, self.graph.constant(f"{name}.weight", arrays.weight)]
        if arrays.bias is not None:
            inputs.append(self.graph.constant(f"{name}.bias", arrays.bias))
        return self.graph.node(
            "Conv",
            inputs,
            output=name,
            kernel_shape=[layer.kernel] * 2,
            pads=[layer.kernel // 2] * 4,
            group=layer.channels_in if layer.kind == "depthwise" else 1,
        )

    def active(self, value: str) -> str:
        operator = "Clip" if self._bounds else "Relu"
        return self.graph.node(operator, [value, *self._bounds], output=f"{value}.act")

    def pool(self, name: str, value: str) -> str:
        return self.graph.node(
            self._pool, [value], output=name, kernel_shape=[2, 2], strides=[2, 2]
        )

    def joined(self, around: str, value: str, form: Lowering) -> str:
        if form == "space_to_depth":
            parts = [self.graph.node("SpaceToDepth", [around], output="reorder", blocksize=2)]
        else:
            parts = [self._phase(around, dy, dx) for dy, dx in _PHASES]
        return self.graph.node("Concat", [*parts, value], output="joined", axis=1)

    def absorbed(
        self, name: str, around: str, value: str, layer: StackedLayer, arrays: FoldedLayer
    ) -> str:
        """What a depth-wise convolution makes of the joined map, from the two maps themselves."""
        channels, bias, half = self._around, arrays.bias, layer.kernel // 2
        assert bias is not None
        parts = []
        for number, (dy, dx) in enumerate(_PHASES):
            part = slice(number * channels, (number + 1) * channels)
            before, after = 2 * half, 2 * half - 1
            parts.append(
                self._depthwise(
                    f"{name}.phase{number}", around, arrays.weight[part], bias[part],
                    pads=[before - dy, before - dx, after + dy, after + dx],
                    strides=[2, 2], dilations=[2, 2],
                )
            )  # fmt: skip
        own = slice(4 * channels, None)
        parts.append(
            self._depthwise(f"{name}.own", value, arrays.weight[own], bias[own], pads=[half] * 4)
        )
        return self.graph.node("Concat", parts, output=name, axis=1)

    def _depthwise(
        self, name: str, value: str, weight: Array, bias: Array, **more: list[int]
    ) -> str:
        inputs = [value]
        inputs += [
            self.graph.constant(f"{name}.{kind}", array)
            for kind, array in (("weight", weight), ("bias", bias))
        ]
        kernel = list(weight.shape[2:])
        return self.graph.node(
            "Conv", inputs, output=name, kernel_shape=kernel, group=len(weight), **more
        )

    def _phase(self, value: str, dy: int, dx: int) -> str:
        name, ends = f"reorder.{dy}{dx}", np.iinfo(np.int64).max
        named = {"starts": (dy, dx), "ends": (ends, ends), "axes": (2, 3), "steps": (2, 2)}
        parts = [
            self.graph.constant(f"{name}.{part}", np.array(numbers, np.int64))
            for part, numbers in named.items()
        ]
        return self.graph.node("Slice", [value, *parts], output=name)

    def _clip(self, name: str, bound: float) -> str:
        return self.graph.constant(f"clip.{name}", np.float32(bound))


def _prefixes(layout: StackedLayout) -> Iterator[tuple[str, str]]:
    """Names of each convolution and of its normalisation in a network of torch."""
    for index in range(len(layout.widths)):
        for part in range(len(layout.bundle.components)):
            yield f"bundles.{index}.convolutions.{part}", f"bundles.{index}.norms.{part}"
    yield "head", ""


def _shape(layer: StackedLayer) -> tuple[int, int, int, int]:
    inputs = 1 if layer.kind == "depthwise" else layer.channels_in
    return layer.channels_out, inputs, layer.kernel, layer.kernel


def _folded(layer: StackedLayer, names: tuple[str, str], state: State) -> FoldedLayer:
    convolution, norm = names
    weight = _array(state, f"{convolution}.weight", _shape(layer))
    if not layer.is_normalised:
        return FoldedLayer(weight.astype(np.float32), None)
    gain, shift, mean, variance = (
        _array(state, f"{norm}.{part}", (layer.channels_out,))
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gain / np.sqrt(variance + EPSILON)
    scaled = weight * factor[:, None, None, None]
    return FoldedLayer(scaled.astype(np.float32), (shift - mean * factor).astype(np.float32))


def _array(state: State, key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if key not in state or np.shape(state[key]) != shape:
        found = f"has the shape {np.shape(state[key])}" if key in state else "is not there"
        raise GraphError(
            f"array {key!r} {found}; the network wants {shape}",
            where="stacked bundles, weights",
            fix="give all arrays of this network, statistics of its normalisations included",
        )
    return np.asarray(state[key], dtype=np.float64)
