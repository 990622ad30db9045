from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Graph, Layer, Tensor, dtype_bits
from dlscope.graph.read import read_graph


@pytest.fixture(scope="module")
def fork() -> Graph:
    """x → Relu → a; a·a → b; a + w → c; b and c are outputs."""
    builder = GraphBuilder("fork")
    builder.input("x", "float32", (5, 3))
    builder.constant("w", np.ones(3, np.float32))
    builder.node("Relu", ["x"], output="a")
    builder.node("Mul", ["a", "a"], output="b")
    builder.node("Add", ["a", "w"], output="c")
    builder.output("b", "float32", (5, 3))
    builder.output("c", "float32", (5, 3))
    return read_graph(builder.finish(), task="demonstration")


def names(layers: tuple[Layer, ...]) -> list[str]:
    return [layer.name for layer in layers]


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        ("float32", 32),
        ("bfloat16", 16),
        ("float8e4m3fn", 8),
        ("bool", 8),
        ("int4", 4),
        ("complex64", 64),
        ("string", 0),
    ],
)
def test_bits_follow_from_the_name_of_a_type(dtype, bits):
    assert dtype_bits(dtype) == bits


def test_a_tensor_knows_its_elements_and_packed_bytes():
    assert Tensor("x", "float32", (2, 3), "input").size_bytes == 24
    assert Tensor("x", "float32", (), "input").elements == 1
    assert Tensor("x", "int4", (3,), "const").size_bytes == 2
    assert Tensor("x", "float32", (0, 7), "activation").size_bytes == 0


def test_a_name_is_one_tensor_wherever_it_is_used(fork):
    relu, mul, add = fork.layers
    assert mul.inputs == (relu.outputs[0], relu.outputs[0])
    assert add.inputs[0] is relu.outputs[0]
    assert mul.sources == (relu.outputs[0],)
    assert {tensor.name: tensor.kind for tensor in fork.tensors.values()} == {
        "x": "input",
        "a": "activation",
        "b": "activation",
        "c": "activation",
        "w": "const",
    }


def test_consumers_and_producers(fork):
    consumers = {name: names(layers) for name, layers in fork.consumers.items()}
    assert consumers == {"x": ["a"], "a": ["b", "c"], "w": ["c"], "b": [], "c": []}
    assert {name: layer.name for name, layer in fork.producers.items()} == {
        "a": "a",
        "b": "b",
        "c": "c",
    }


def test_the_outside_of_a_graph(fork):
    assert (fork.name, fork.batch, fork.task) == ("fork", 5, "demonstration")
    assert [tensor.name for tensor in fork.outputs] == ["b", "c"]
    assert fork.opsets == {"": 17}
    assert [layer.id for layer in fork.layers] == [0, 1, 2]
    assert fork.layers[2].const_inputs == {1: fork.tensors["w"]}
    assert fork.layers[0].input(1) is None


def test_a_graph_does_not_change(fork):
    with pytest.raises(AttributeError):
        fork.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        fork.tensors["w"].value[0] = 2


def test_importing_the_nouns_does_not_import_onnx():
    code = "import sys, dlscope.graph.ir; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
