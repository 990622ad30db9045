"""`to_onnx`: a folded network in float32, as any framework reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.devices.layer_shape import LayerShape
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork

INPUT, OUTPUT = "input", "logits"


class Layer(Protocol):
    """What the node of a layer needs to know of it."""

    @property
    def name(self) -> str:
        """How its values begin."""

    @property
    def shape(self) -> LayerShape:
        """Its kind, channels, maps and kernel."""

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros on each side, rows and columns."""


def to_onnx(network: FoldedNetwork, *, name: str = "design") -> onnx.ModelProto:
    """`network` in float32, its bits ignored: `input` N×C×H×W, `logits` N×classes."""
    graph = GraphBuilder(name)
    value = graph.input(INPUT, "float32", ("N", *network.input))
    given: list[str] = []
    for place, layer in enumerate(network.layers):
        if place == network.head:
            value = graph.node("GlobalAveragePool", [value], output="average")
        value = multiplied(graph, layer, value, _parameters(graph, layer))
        source = network.source_of(place)
        if source is not None:
            value = graph.node("Add", [value, given[source]], output=f"{layer.name}.sum")
        value = _activated(graph, layer, value)
        given.append(value)
    answer(graph, value, network.layers[-1].shape.channels_out)
    return graph.finish()


def multiplied(graph: GraphBuilder, layer: Layer, value: str, parameters: Sequence[str]) -> str:
    """The node that multiplies `value` with weights and adds a bias, the two `parameters`."""
    output = f"{layer.name}.linear"
    if layer.shape.kind == "dense":
        flat = graph.node("Flatten", [value], output=f"{layer.name}.flat", axis=1)
        return graph.node("Gemm", [flat, *parameters], output=output, transB=1)
    return graph.node(
        "Conv",
        [value, *parameters],
        output=output,
        kernel_shape=layer.shape.kernel,
        strides=[layer.shape.stride] * 2,
        pads=[*layer.padding, *layer.padding],
        group=layer.shape.groups,
    )


def matrix(layer: Layer, weights: NDArray[Any]) -> NDArray[Any]:
    """`weights[o, i/g, h, w]` as the node of `layer` takes them: of a dense layer a matrix."""
    return weights[:, :, 0, 0] if layer.shape.kind == "dense" else weights


def answer(graph: GraphBuilder, value: str, classes: int) -> None:
    """Declare `value` the answer of the network, N×`classes`."""
    output = graph.node("Flatten", [value], output=OUTPUT, axis=1)
    graph.output(output, "float32", ("N", classes))


def _parameters(graph: GraphBuilder, layer: FoldedLayer) -> list[str]:
    weights = graph.constant(f"{layer.name}.weight", matrix(layer, layer.weights))
    return [weights, graph.constant(f"{layer.name}.bias", layer.bias)]


def _activated(graph: GraphBuilder, layer: FoldedLayer, value: str) -> str:
    if layer.activation is None:
        return value
    if layer.activation == "relu":
        return graph.node("Relu", [value], output=f"{layer.name}.relu")
    bounds = [
        graph.constant(f"{layer.name}.{bound}", np.float32(number))
        for bound, number in (("least", 0), ("most", 6))
    ]
    return graph.node("Clip", [value, *bounds], output=f"{layer.name}.relu6")
