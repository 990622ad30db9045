from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from dlscope.core.errors import GraphError
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph


def node(operator: str, inputs: list[str], *outputs: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes)


def operators(graph: Graph) -> list[str]:
    return [layer.op_type for layer in graph.layers]


def test_constants_without_axes_stay_without_axes(model_of):
    """`x.reshape(x.shape[0], -1)` as exporters write it: an index with an axis adds one behind."""
    zero = numpy_helper.from_array(np.array(0, np.int64))
    nodes = [
        node("Shape", ["x"], "shape"),
        node("Constant", [], "zero", value=zero),
        node("Gather", ["shape", "zero"], "rows", axis=0),
        node("Unsqueeze", ["rows", "axes"], "row_axis"),
        node("Concat", ["row_axis", "rest"], "target", axis=0),
        node("Reshape", ["x", "target"], "y"),
        node("Gather", ["x", "zero"], "first"),
    ]
    model = model_of(
        nodes,
        {"x": "float32[N,3,4]"},
        {"y": "float32[a,b]", "rows": "int64[]", "first": "float32[a,b]"},
        {"axes": np.array([0]), "rest": np.array([-1])},
    )
    graph = read_graph(model, {"N": 2})
    assert operators(graph) == ["Reshape", "Gather"]
    rows = graph.tensors["rows"]
    assert (rows.kind, rows.shape, rows.value.shape, int(rows.value)) == ("const", (), (), 2)
    assert graph.tensors["zero"].shape == ()
    assert graph.tensors["y"].shape == (2, 12)
    assert graph.tensors["first"].shape == (3, 4)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("Identity", ["s"], {}),
        ("Cast", ["s"], {"to": onnx.TensorProto.FLOAT}),
        ("Add", ["s", "s"], {}),
        ("Neg", ["s"], {}),
        ("Squeeze", ["v"], {}),
        ("ReduceSum", ["v"], {"keepdims": 0}),
        ("Reshape", ["v", "none"], {}),
        ("Gather", ["v", "s"], {}),
        ("Size", ["v"], {}),
        ("Where", ["b", "s", "s"], {}),
        ("Constant", [], {"value_int": 3}),
        ("Constant", [], {"value_float": 3.0}),
    ],
)
def test_no_operator_gives_a_scalar_an_axis(model_of, operator, inputs, attributes):
    given = attributes.get("to") or "value_float" in attributes
    constants = {
        "s": np.array(0),
        "v": np.array([5]),
        "b": np.array(True),
        "none": np.array([], np.int64),
    }
    model = model_of(
        [node(operator, inputs, "y", **attributes)],
        {"x": "float32[1]"},
        {"y": "float32[]" if given else "int64[]"},
        {name: constants[name] for name in inputs},
    )
    tensor = read_graph(model).outputs[0]
    assert (tensor.kind, tensor.shape, tensor.value.shape) == ("const", (), ())


def test_inputs_that_no_layer_uses_after_folding_are_dropped(model_of):
    nodes = [
        node("Shape", ["like"], "shape"),
        node("Reshape", ["x", "shape"], "y"),
    ]
    inputs = {"x": "float32[6]", "like": "float32[2,3]", "unused": "float32[9]"}
    graph = read_graph(model_of(nodes, inputs, {"y": "float32[a,b]"}))
    assert [tensor.name for tensor in graph.inputs] == ["x"]
    assert operators(graph) == ["Reshape"]
    folded = graph.layers[0].const_inputs[1].value
    assert folded.tolist() == [2, 3]
    assert not folded.flags.writeable


def test_layers_that_only_gave_a_shape_are_dropped(model_of):
    nodes = [
        node("Relu", ["x"], "a"),
        node("Shape", ["a"], "shape", start=1, end=-1),
        node("ConstantOfShape", ["shape"], "zeros"),
        node("Add", ["x", "zeros"], "y"),
    ]
    graph = read_graph(model_of(nodes, {"x": "float32[2,3,3]"}, {"y": "float32[a,b,c]"}))
    assert operators(graph) == ["Add"]
    assert graph.tensors["zeros"].shape == (3,)
    assert "a" not in graph.tensors


def test_a_large_filled_constant_takes_no_memory(light):
    graph = read_graph(light("vgg19"))
    weight = max(graph.tensors.values(), key=lambda each: each.size_bytes)
    assert weight.size_bytes == 4096 * 25088 * 4
    assert weight.value.shape == (4096, 25088)
    assert weight.value.strides == (0, 0)


def test_what_draws_by_chance_is_not_folded(model_of):
    nodes = [
        node("RandomNormal", [], "noise", shape=[3]),
        node("RandomUniformLike", ["w"], "more"),
        node("Add", ["noise", "more"], "sum"),
        node("Add", ["x", "sum"], "y"),
    ]
    model = model_of(nodes, {"x": "float32[3]"}, {"y": "float32[a]"}, {"w": np.ones(3, np.float32)})
    graph = read_graph(model)
    assert operators(graph) == ["RandomNormal", "RandomUniformLike", "Add", "Add"]
    assert [layer.pure for layer in graph.layers] == [False, False, True, True]


def test_control_flow_is_not_folded_even_where_its_condition_is_known(model_of):
    value = helper.make_tensor_value_info("o", onnx.TensorProto.FLOAT, (2,))
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(operator, ["w"], ["o"])], name, [], [value]
        )
        for name, operator in (("then", "Relu"), ("else", "Neg"))
    }
    nodes = [node("If", ["c"], "i", **branches), node("Add", ["x", "i"], "y")]
    constants = {"c": np.array(True), "w": np.ones(2, np.float32)}
    model = model_of(nodes, {"x": "float32[2]"}, {"y": "float32[a]"}, constants)
    branch, add = read_graph(model).layers
    assert (branch.op_type, branch.control_flow, add.control_flow) == ("If", True, False)
    assert [tensor.name for tensor in branch.captured] == ["w"]
    assert [tensor.name for tensor in branch.sources] == ["c", "w"]
    assert branch.outputs[0].shape == (2,)


def test_the_weights_of_a_quantised_network_stay_quantised(model_of):
    nodes = [
        node("DequantizeLinear", ["q", "scale"], "w"),
        node("MatMul", ["x", "w"], "y"),
    ]
    constants = {"q": np.ones((4, 2), np.int8), "scale": np.float32(0.5)}
    graph = read_graph(model_of(nodes, {"x": "float32[1,4]"}, {"y": "float32[a,b]"}, constants))
    assert operators(graph) == ["DequantizeLinear", "MatMul"]
    assert graph.layers[0].const_inputs[0].dtype == "int8"


def test_a_foreign_operator_is_kept_as_it_is(model_of):
    nodes = [
        helper.make_node("Pack", ["w"], ["p"], domain="com.example"),
        node("Add", ["x", "p"], "y"),
    ]
    constants = {"w": np.ones(2, np.float32)}
    model = model_of(
        nodes, {"x": "float32[2]"}, {"y": "float32[2]"}, constants, domains=["com.example"]
    )
    model.graph.value_info.append(helper.make_tensor_value_info("p", onnx.TensorProto.FLOAT, (2,)))
    graph = read_graph(model)
    assert [layer.operator for layer in graph.layers] == ["com.example::Pack", "Add"]


def test_refuses_a_constant_layer_that_cannot_be_computed(model_of):
    nodes = [
        node("Gather", ["w", "index"], "g"),
        node("Add", ["x", "g"], "y"),
    ]
    constants = {"w": np.ones(2, np.float32), "index": np.array(5)}
    with pytest.raises(GraphError) as caught:
        read_graph(model_of(nodes, {"x": "float32[2]"}, {"y": "float32[a]"}, constants))
    assert caught.value.what == (
        "layer 'g' (Gather) cannot be computed: index 5 is out of bounds for axis 0 with size 2"
    )
    assert caught.value.where == "graph g"
