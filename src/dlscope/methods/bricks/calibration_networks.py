"""Small networks whose layers are so short that what surrounds a layer can be told from them.

They are nobody's models: what is learnt from them is not learnt from what is predicted. Between
them they have what models are made of: chains, depthwise convolutions, branches, growing
concatenations, shuffled channels, attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
import onnx

from dlscope.graph.builder import GraphBuilder

_SIDE, _DEPTH = 28, 8
_TOKENS, _WIDTH, _HEADS = 64, 128, 4


def calibration_networks() -> Mapping[str, onnx.ModelProto]:
    """The networks by name; the same bytes each time."""
    makers: tuple[Callable[[_Maker, str], str], ...] = (_chain, _separable, _branches, _dense)
    networks = {make.__name__.strip("_"): _images(make) for make in (*makers, _shuffled)}
    return {**networks, "attention": _attention()}


@final
class _Maker:
    """Layers on a graph, weights drawn from one seed."""

    def __init__(self, name: str) -> None:
        self.graph = GraphBuilder(name)
        self._generator = np.random.default_rng(0)
        self._count = 0

    def weight(self, *shape: int) -> str:
        self._count += 1
        scale = 1.0 / np.sqrt(np.prod(shape[1:], dtype=float))
        drawn = self._generator.standard_normal(shape) * scale
        return self.graph.constant(f"w{self._count}", drawn.astype(np.float32))

    def numbers(self, *values: int) -> str:
        self._count += 1
        return self.graph.constant(f"n{self._count}", np.array(values, np.int64))

    def convolution(
        self, x: str, inputs: int, outputs: int, kernel: int = 1, group: int = 1
    ) -> str:
        weight = self.weight(outputs, inputs // group, kernel, kernel)
        pads = [kernel // 2] * 4
        made = self.graph.node("Conv", [x, weight, self.weight(outputs)], pads=pads, group=group)
        return self.graph.node("Relu", [made])

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        product = self.graph.node("MatMul", [x, self.weight(inputs, outputs)])
        return self.graph.node("Add", [product, self.weight(outputs)])


def _images(make: Callable[[_Maker, str], str]) -> onnx.ModelProto:
    maker = _Maker(make.__name__.strip("_"))
    shape = (1, 32, _SIDE, _SIDE)
    x = maker.graph.input("x", "float32", shape)
    for _ in range(_DEPTH):
        x = make(maker, x)
    maker.graph.output(maker.graph.node("GlobalAveragePool", [x], output="y"), "float32", _POOLED)
    return maker.graph.finish()


_POOLED = (1, 32, 1, 1)


def _chain(maker: _Maker, x: str) -> str:
    return maker.convolution(maker.convolution(x, 32, 16), 16, 32, 3)


def _separable(maker: _Maker, x: str) -> str:
    wide = maker.convolution(x, 32, 64)
    narrow = maker.convolution(maker.convolution(wide, 64, 64, 3, group=64), 64, 32)
    return maker.graph.node("Add", [narrow, x])


def _branches(maker: _Maker, x: str) -> str:
    ways = [maker.convolution(x, 32, 8), maker.convolution(maker.convolution(x, 32, 8), 8, 8, 3)]
    pooled = maker.graph.node("MaxPool", [x], kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1])
    ways += [maker.convolution(pooled, 32, 8), maker.convolution(x, 32, 8, 3)]
    return maker.graph.node("Concat", ways, axis=1)


def _dense(maker: _Maker, x: str) -> str:
    joined = x
    for size in (32, 48):
        grown = maker.convolution(maker.convolution(joined, size, 16), 16, 16, 3)
        joined = maker.graph.node("Concat", [joined, grown], axis=1)
    return maker.convolution(joined, 64, 32)


def _shuffled(maker: _Maker, x: str) -> str:
    made = maker.convolution(maker.convolution(x, 32, 32, 3, group=32), 32, 32)
    split = maker.graph.node("Reshape", [made, maker.numbers(1, 2, 16, _SIDE, _SIDE)])
    turned = maker.graph.node("Transpose", [split], perm=[0, 2, 1, 3, 4])
    return maker.graph.node("Reshape", [turned, maker.numbers(1, 32, _SIDE, _SIDE)])


def _attention() -> onnx.ModelProto:
    maker = _Maker("attention")
    x = maker.graph.input("x", "float32", (1, _TOKENS, _WIDTH))
    for _ in range(_DEPTH // 2):
        x = _attended(maker, x)
        x = maker.graph.node("Add", [_fed_forward(maker, x), x])
    maker.graph.output(maker.graph.node("Identity", [x], output="y"), "float32", (1, _TOKENS, 128))
    return maker.graph.finish()


def _attended(maker: _Maker, x: str) -> str:
    graph = maker.graph
    heads = [_heads(maker, maker.linear(_normalised(maker, x), _WIDTH, _WIDTH)) for _ in range(3)]
    turned = graph.node("Transpose", [heads[1]], perm=[0, 1, 3, 2])
    weights = graph.node("Softmax", [graph.node("MatMul", [heads[0], turned])], axis=-1)
    mixed = graph.node("Transpose", [graph.node("MatMul", [weights, heads[2]])], perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", [mixed, maker.numbers(1, _TOKENS, _WIDTH)])
    return graph.node("Add", [maker.linear(joined, _WIDTH, _WIDTH), x])


def _heads(maker: _Maker, x: str) -> str:
    shape = maker.numbers(1, _TOKENS, _HEADS, _WIDTH // _HEADS)
    split = maker.graph.node("Reshape", [x, shape])
    return maker.graph.node("Transpose", [split], perm=[0, 2, 1, 3])


def _fed_forward(maker: _Maker, x: str) -> str:
    wide = maker.linear(_normalised(maker, x), _WIDTH, 2 * _WIDTH)
    return maker.linear(maker.graph.node("Sigmoid", [wide]), 2 * _WIDTH, _WIDTH)


def _normalised(maker: _Maker, x: str) -> str:
    attributes: dict[str, Any] = {"axis": -1, "epsilon": 1e-5}
    scales = [maker.weight(_WIDTH), maker.weight(_WIDTH)]
    return maker.graph.node("LayerNormalization", [x, *scales], **attributes)
