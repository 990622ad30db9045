from __future__ import annotations

import onnx
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.blocks import Layers
from dlscope.zoo.parameters import Outlined
from dlscope.zoo.recurrent import write_recurrence


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_layers_read_one_another_and_the_last_state_remains(operator, gates):
    layers = Layers(GraphBuilder("test"), Outlined())
    final = write_recurrence(layers, operator, layers.input("x", 5, 3), 2, 4)
    assert final.shape == (4,)
    layers.output(final)
    graph = layers.graph.finish().graph
    name = operator.lower()
    assert [(node.op_type, list(node.input)[:2]) for node in graph.node] == [
        ("Transpose", ["x"]),
        (operator, ["steps", f"{name}.0.weight"]),
        ("Squeeze", [f"{name}.0", "direction_axis"]),
        (operator, [f"{name}.0.states", f"{name}.1.weight"]),
        ("Squeeze", [f"{name}.1", "direction_axis"]),
        ("Gather", [f"{name}.1.states", "last"]),
    ]
    shapes = {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in graph.input
    }
    assert shapes[f"{name}.0.weight"] == [1, gates * 4, 3]
    assert shapes[f"{name}.1.weight"] == shapes[f"{name}.0.recurrence"] == [1, gates * 4, 4]
    assert shapes[f"{name}.0.bias"] == [1, 2 * gates * 4]


def test_the_reset_gate_of_a_gru_is_behind_the_matrix():
    layers = Layers(GraphBuilder("test"), Outlined())
    layers.output(write_recurrence(layers, "GRU", layers.input("x", 5, 3), 1, 4))
    (gru,) = (node for node in layers.graph.finish().graph.node if node.op_type == "GRU")
    assert onnx.helper.get_node_attr_value(gru, "linear_before_reset") == 1
