from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.core.errors import GraphError
from dlscope.graph.builder import GraphBuilder, serialize


def affine() -> GraphBuilder:
    graph = GraphBuilder("affine")
    x = graph.input("x", "float32", ("N", 3))
    scaled = graph.node("Mul", [x, graph.constant("factor", np.float32(2))])
    graph.node("Add", [scaled, graph.constant("shift", np.float32([1, 2, 3]))], output="y")
    graph.output("y", "float32", ("N", 3))
    return graph


def test_the_graph_computes_what_was_written():
    session = onnxruntime.InferenceSession(
        serialize(affine().finish()), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": np.float32([[1, 1, 1], [0, 5, 10]])})
    assert y.tolist() == [[3, 4, 5], [1, 12, 23]]


def test_names_and_versions_are_fixed():
    model = affine().finish()
    assert [(node.name, list(node.output)) for node in model.graph.node] == [
        ("Mul_0", ["Mul_0"]),
        ("y", ["y"]),
    ]
    assert model.ir_version == 8
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_the_same_calls_give_the_same_bytes():
    assert serialize(affine().finish()) == serialize(affine().finish())


def test_a_scalar_stays_a_scalar_and_a_transposed_array_keeps_its_order():
    graph = GraphBuilder("constants")
    graph.constant("scalar", np.float32(2))
    graph.constant("transposed", np.arange(6).reshape(2, 3).T)
    graph.node("Identity", ["transposed"], output="y")
    graph.output("y", "int64", (3, 2))
    scalar, transposed = graph.finish().graph.initializer
    assert onnx.numpy_helper.to_array(scalar).shape == ()
    assert onnx.numpy_helper.to_array(transposed).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_left_out_optional_input_is_the_empty_name():
    graph = GraphBuilder("clip")
    graph.input("x", "float32", (2,))
    graph.node("Clip", ["x", "", graph.constant("six", np.float32(6))], output="y")
    graph.output("y", "float32", (2,))
    session = onnxruntime.InferenceSession(
        serialize(graph.finish()), providers=["CPUExecutionProvider"]
    )
    assert session.run(None, {"x": np.float32([-9, 9])})[0].tolist() == [-9, 6]


def test_refuses_a_value_that_nothing_has_defined():
    graph = GraphBuilder("broken")
    with pytest.raises(GraphError) as caught:
        graph.node("Relu", ["x"])
    assert caught.value.what == "node 'Relu_0' uses value 'x', which nothing has defined"
    assert caught.value.where == "graph broken"
    assert caught.value.fix == "define inputs, constants and nodes before they are used"
    with pytest.raises(GraphError) as caught:
        graph.output("y", "float32", ())
    assert caught.value.what == "an output uses value 'y', which nothing has defined"


@pytest.mark.parametrize("again", ["input", "constant", "node"])
def test_refuses_a_second_value_of_one_name(again):
    graph = GraphBuilder("broken")
    graph.input("x", "float32", (1,))
    with pytest.raises(GraphError) as caught:
        if again == "input":
            graph.input("x", "float32", (1,))
        elif again == "constant":
            graph.constant("x", np.float32(1))
        else:
            graph.node("Relu", ["x"], output="x")
    assert caught.value.what == "value 'x' is defined twice"
    assert caught.value.fix == "give every input, constant and node a name of its own"


@pytest.mark.parametrize(
    ("operator", "attributes"), [("Rleu", {}), ("Relu", {"axis": 1}), ("Gemm", {})]
)
def test_refuses_a_graph_that_onnx_refuses(operator, attributes):
    graph = GraphBuilder("broken")
    graph.input("x", "float32", (1, 2))
    graph.node(operator, ["x"], output="y", **attributes)
    graph.output("y", "float32", (1, 2))
    with pytest.raises(GraphError) as caught:
        graph.finish()
    assert caught.value.what.startswith("the graph is not valid ONNX: ")
    assert operator in caught.value.what
    assert caught.value.where == "graph broken"


def test_refuses_an_output_of_another_shape_than_the_nodes_give():
    graph = GraphBuilder("broken")
    graph.input("x", "float32", (1, 2))
    graph.node("Relu", ["x"], output="y")
    graph.output("y", "float32", (1, 3))
    with pytest.raises(GraphError, match="the graph is not valid ONNX: "):
        graph.finish()
