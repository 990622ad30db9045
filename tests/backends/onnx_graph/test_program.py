from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, helper, numpy_helper

from dlscope.backends.onnx_graph.program import Program
from dlscope.core.errors import UnsupportedOp

HERE = Path("model.onnx")


def _model(nodes: list[NodeProto], opset: int = 9, **weights: object) -> ModelProto:
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [3, 2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [3, 2])
    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "small", [fed], [made], arrays)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def test_what_depends_on_no_input_is_computed_once_as_its_opset_says() -> None:
    one = numpy_helper.from_array(np.float32([1]), "value")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=one),
        # From opset 13 on the axes are an input.
        helper.make_node("Unsqueeze", ["ones"], ["column"], axes=[1]),
        helper.make_node("Mul", ["x", "column"], ["y"]),
    ]
    program = Program.of(_model(nodes, shape=np.array([3])), HERE)
    assert [node.op_type for node in program.nodes] == ["Mul"]
    np.testing.assert_array_equal(program.constants["column"], np.ones((3, 1), np.float32))
    assert program.opset == 9
    assert [str(spec) for spec in (*program.inputs, *program.outputs)] == ["float32[3, 2]"] * 2


def test_random_numbers_are_no_constants() -> None:
    nodes = [
        helper.make_node("RandomNormal", [], ["noise"], shape=[3, 2]),
        helper.make_node("Mul", ["x", "noise"], ["y"]),
    ]
    program = Program.of(_model(nodes), HERE)
    assert [node.op_type for node in program.nodes] == ["RandomNormal", "Mul"]


def test_names_every_operator_without_a_rule() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], domain="com.example"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Tanh", ["b"], ["c"]),
        helper.make_node("Tanh", ["c"], ["y"]),
    ]
    program = Program.of(_model(nodes), HERE)
    with pytest.raises(UnsupportedOp) as refusal:
        program.require_rules({"Relu"}, "Abacus")
    assert str(refusal.value) == (
        "UnsupportedOp: no Abacus rule for 2 operators: Relu (1 node), Tanh (2 nodes)\n"
        "  where  model.onnx\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )
