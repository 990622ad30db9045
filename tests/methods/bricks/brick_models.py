"""Small networks: two by hand, and any at random."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
from hypothesis import settings
from hypothesis import strategies as st

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph

SHAPE = (1, 4, 4, 4)
few = settings(max_examples=40, deadline=None)
"""For properties of whole graphs, each of which is read from a file of its own."""


def convolved(graph: GraphBuilder, x: str, seed: int) -> str:
    """A convolution of four channels to four, its weights drawn from `seed`."""
    drawn = np.random.default_rng(seed).standard_normal((4, 4, 3, 3)).astype(np.float32)
    weight = graph.constant(f"secret_weight_{seed}", drawn / 6)
    return graph.node("Conv", [x, weight], output=f"secret_conv_{seed}", pads=[1] * 4)


def chain_model(name: str = "chain", *, seed: int = 0) -> onnx.ModelProto:
    """Convolution, ReLU, convolution, ReLU, flattened at the end: two bricks, each twice."""
    graph = GraphBuilder(name)
    x = graph.input("secret_input", "float32", SHAPE)
    for step in (seed, seed + 1):
        x = graph.node("Relu", [convolved(graph, x, step)], output=f"secret_relu_{step}")
    graph.output(graph.node("Flatten", [x], output="secret_output"), "float32", (1, 64))
    return graph.finish()


def chain_file(path: Path) -> Path:
    path.write_bytes(serialize(chain_model()))
    return path


def fork_model() -> onnx.ModelProto:
    """A convolution, two branches, their sum; the convolution and the ReLU are those of a chain."""
    graph = GraphBuilder("fork")
    x = graph.input("x", "float32", SHAPE)
    stem = convolved(graph, x, 7)
    left = graph.node("Relu", [stem])
    right = graph.node("Sigmoid", [stem])
    graph.output(graph.node("Add", [left, right], output="y"), "float32", SHAPE)
    return graph.finish()


def fork_file(path: Path) -> Path:
    path.write_bytes(serialize(fork_model()))
    return path


def graph_of(model: onnx.ModelProto) -> Graph:
    """The graph of a model that is in no file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(serialize(model))
        return read_graph(path)


@st.composite
def models(draw: st.DrawFn, most: int = 9) -> onnx.ModelProto:
    """Layers that keep the shape, each on any values before it; the unused ones are outputs."""
    graph = GraphBuilder("random")
    values = [graph.input("x", "float32", SHAPE)]
    shape = graph.constant("shape", np.array(SHAPE, np.int64))
    used: set[str] = set()
    for index in range(draw(st.integers(1, most))):
        operator = draw(st.sampled_from(["Relu", "Sigmoid", "Add", "Mul", "Conv", *_VIEWS]))
        sources = [draw(st.sampled_from(values)) for _ in range(1 + (operator in _BINARY))]
        used.update(sources)
        if operator == "Conv":
            values.append(convolved(graph, sources[0], index))
        elif operator == "Reshape":
            values.append(graph.node("Reshape", [sources[0], shape]))
        else:
            values.append(graph.node(operator, sources))
    for value in values[1:]:
        if value not in used or draw(st.booleans()):
            graph.output(value, "float32", SHAPE)
    return graph.finish()


_BINARY = ("Add", "Mul")
_VIEWS = ("Identity", "Reshape")
