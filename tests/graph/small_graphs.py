"""Graphs that a few lines describe, and networks that are small enough to be run in a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import helper

from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Graph, Layer, Tensor
from dlscope.graph.read import read_graph

Feeds = Mapping[str, Any]


def wired(sources: Sequence[Sequence[int]], operators: Mapping[int, str] | None = None) -> Graph:
    """Layers by the ids of those whose results each takes; one that takes none takes the input.

    What nothing takes leaves the graph. `operators` names those that are no `Add`.
    """
    tensors = {-1: Tensor("x", "float32", (2,), "input")}
    layers = []
    for index, taken in enumerate(sources):
        tensors[index] = Tensor(f"t{index}", "float32", (2,), "activation")
        operator = (operators or {}).get(index, "Add")
        inputs = tuple(tensors[each] for each in taken or (-1,))
        layers.append(Layer(index, f"n{index}", "", operator, 17, {}, inputs, (tensors[index],)))
    unused = [index for index in tensors if all(index not in taken for taken in sources)]
    outputs = tuple(tensors[index] for index in unused if index >= 0)
    return Graph("wired", "", tuple(layers), (tensors[-1],), outputs, {}, {"": 17})


@st.composite
def wirings(draw: Any, operators: Sequence[str] = ("Add",)) -> Graph:
    """Any graph of up to twelve layers, each taking up to three earlier ones."""
    count = draw(st.integers(1, 12))
    sources = [
        draw(st.lists(st.integers(0, index - 1), max_size=3, unique=True)) if index else []
        for index in range(count)
    ]
    named = draw(st.lists(st.sampled_from(operators), min_size=count, max_size=count))
    return wired(sources, dict(enumerate(named)))


def _weight(*shape: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng([seed, *shape]).standard_normal(shape)
    return (drawn / np.sqrt(max(shape[-1], 1))).astype(np.float32)


def _residual(graph: GraphBuilder) -> tuple[str, tuple[int, ...]]:
    x = graph.input("x", "float32", (1, 4, 6, 6))
    for block in range(2):
        w = graph.constant(f"w{block}", _weight(4, 4, 3, 3, seed=block))
        conv = graph.node("Conv", [x, w], pads=[1, 1, 1, 1])
        x = graph.node("Relu", [graph.node("Add", [conv, x])])
    return x, (1, 4, 6, 6)


def _branches(graph: GraphBuilder) -> tuple[str, tuple[int, ...]]:
    x = graph.input("x", "float32", (1, 3, 8, 8))
    one = graph.node("Conv", [x, graph.constant("w1", _weight(5, 3, 1, 1))])
    deep = graph.node("Conv", [x, graph.constant("w2", _weight(4, 3, 1, 1))])
    deep = graph.node("Relu", [deep])
    deep = graph.node("Conv", [deep, graph.constant("w3", _weight(6, 4, 3, 3))], pads=[1] * 4)
    pooled = graph.node("AveragePool", [x], kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    return graph.node("Concat", [one, deep, pooled], axis=1), (1, 14, 8, 8)


def _views(graph: GraphBuilder) -> tuple[str, tuple[int, ...]]:
    x = graph.input("x", "float32", (2, 3, 4))
    flat = graph.node("Reshape", [x, graph.constant("flat", np.array([2, 12]))])
    wide = graph.node("Unsqueeze", [flat, graph.constant("axis", np.array([1]))])
    product = graph.node("MatMul", [wide, graph.constant("w", _weight(12, 5))])
    narrow = graph.node("Squeeze", [product, "axis"])
    clipped = graph.node(
        "Clip", [graph.node("Identity", [narrow]), "", graph.constant("most", np.float32(0.5))]
    )
    return graph.node("Flatten", [clipped], axis=0), (1, 10)


def _attention(graph: GraphBuilder) -> tuple[str, tuple[int, ...]]:
    ids = graph.input("ids", "int64", (1, 6))
    x = graph.node("Gather", [graph.constant("words", _weight(9, 8)), ids])
    sizes = graph.constant("heads", np.array([1, 6, 2, 4]))
    query, key, value = (
        graph.node(
            "Transpose",
            [
                graph.node(
                    "Reshape",
                    [
                        graph.node("MatMul", [x, graph.constant(name, _weight(8, 8, seed=seed))]),
                        sizes,
                    ],
                )
            ],
            perm=[0, 2, 1, 3],
        )
        for seed, name in enumerate("qkv")
    )
    scores = graph.node("MatMul", [query, graph.node("Transpose", [key], perm=[0, 1, 3, 2])])
    scaled = graph.node("Div", [scores, graph.constant("root", np.float32(2))])
    mixed = graph.node("MatMul", [graph.node("Softmax", [scaled], axis=-1), value])
    back = graph.node("Transpose", [mixed], perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", [back, graph.constant("joined", np.array([1, 6, 8]))])
    return graph.node("Add", [joined, x]), (1, 6, 8)


def _built(write: Callable[[GraphBuilder], tuple[str, tuple[int, ...]]]) -> onnx.ModelProto:
    graph = GraphBuilder("net")
    value, shape = write(graph)
    graph.output(value, "float32", shape)
    return graph.finish()


def split_model() -> onnx.ModelProto:
    """A `Split` whose three results meet again: `GraphBuilder` writes nodes of one output only."""
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b", "c"], axis=1),
        helper.make_node("Mul", ["a", "c"], ["p"]),
        helper.make_node("Sub", ["p", "b"], ["q"]),
        helper.make_node("Add", ["q", "a"], ["y"]),
    ]
    x, y = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, size])
        for name, size in (("x", 6), ("y", 2))
    )
    graph = helper.make_graph(nodes, "split", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "residual": lambda: _built(_residual),
    "branches": lambda: _built(_branches),
    "views": lambda: _built(_views),
    "attention": lambda: _built(_attention),
    "split": split_model,
}


def network(name: str) -> Graph:
    """One of `NETWORKS` as a graph."""
    return read_graph(NETWORKS[name]())


def quantised() -> Graph:
    """Two convolutions between quantised values, one of their results used twice."""
    graph = GraphBuilder("quantised")
    scale, zero = (
        graph.constant("scale", np.float32(0.05)),
        graph.constant("zero", np.uint8(128)),
    )

    def requantised(value: str, name: str) -> str:
        stored = graph.node("QuantizeLinear", [value, scale, zero], output=f"{name}_q")
        return graph.node("DequantizeLinear", [stored, scale, zero], output=f"{name}_d")

    x = requantised(graph.input("x", "float32", (1, 4, 8, 8)), "x")
    weights = np.random.default_rng(0).integers(-99, 99, (4, 4, 1, 1)).astype(np.int8)
    w = graph.node("DequantizeLinear", [graph.constant("w", weights), scale], output="w_d")
    y = requantised(graph.node("Conv", [x, w], output="conv"), "y")
    y = graph.node("Relu", [graph.node("Softplus", [y], output="soft")], output="relu")
    y = graph.node("AveragePool", [requantised(y, "z")], kernel_shape=[2, 2], output="pool")
    graph.output(requantised(y, "out"), "float32", (1, 4, 7, 7))
    return read_graph(graph.finish())
