from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dlscope.methods.bounds.implementations.edge_cut import CutGraph, cut_edges
from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of


def model(*nodes: str, outputs: str = "y") -> onnx.ModelProto:
    """Nodes written as `Operator a,b -> c` from the inputs p and q and the weight w."""
    made = []
    for text in nodes:
        operator, inputs, _, output = text.split()
        made.append(helper.make_node(operator, inputs.split(","), output.split(",")))
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "pq"]
    weight = [numpy_helper.from_array(np.ones((2, 2), np.float32), "w")]
    graph = helper.make_graph(
        made,
        "g",
        value,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in outputs],
        weight,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def parts(cut: CutGraph) -> list[list[str]]:
    return [[node.output[0] for node in part] for part in (cut.before, cut.core, cut.after)]


def transposes(node: onnx.NodeProto) -> bool:
    return node.op_type == "Transpose"


def test_movers_at_both_ends_are_cut_off() -> None:
    cut = cut_edges(model("Transpose p -> a", "MatMul a,w -> b", "Transpose b -> y"), transposes)
    assert parts(cut) == [["a"], ["b"], ["y"]]
    assert (cut.inputs, cut.outputs) == (("a",), ("b",))


def test_a_mover_between_layers_stays() -> None:
    nodes = ["Relu p -> a", "Transpose a -> b", "Relu b -> y"]
    cut = cut_edges(model(*nodes), transposes)
    assert parts(cut) == [[], ["a", "b", "y"], []]
    assert (cut.inputs, cut.outputs) == (("p",), ("y",))


def test_a_mover_whose_result_is_needed_inside_stays() -> None:
    nodes = ["Relu p -> a", "Transpose a -> y", "MatMul a,y -> z"]
    assert parts(cut_edges(model(*nodes, outputs="yz"), transposes))[2] == []


def test_movers_that_follow_one_another_are_all_cut_off() -> None:
    nodes = ["Transpose p -> a", "Transpose a -> b", "Relu b -> c", "Transpose c -> d"]
    cut = cut_edges(model(*nodes, "Transpose d -> y"), transposes)
    assert parts(cut) == [["a", "b"], ["c"], ["d", "y"]]


def test_inputs_that_are_not_moved_go_straight_in() -> None:
    cut = cut_edges(model("Transpose p -> a", "Add a,q -> b", "Mul b,w -> y"), transposes)
    assert cut.inputs == ("a", "q")
    assert cut.outputs == ("y",)


def test_nothing_but_movers_leaves_no_core() -> None:
    assert parts(cut_edges(model("Transpose p -> y"), transposes)) == [["y"], [], []]


def test_a_part_is_a_model_with_the_weights_it_uses() -> None:
    cut = cut_edges(model("Transpose p -> a", "MatMul a,w -> y"), transposes)
    value = np.arange(4, dtype=np.float32).reshape(2, 2)
    core = cut.part(cut.core, {"a": value}, ["y"])
    assert [each.name for each in core.graph.initializer] == ["w"]
    (found,) = session_of(core, UNCHANGED).run(None, {"a": value})
    np.testing.assert_array_equal(found, value @ np.ones((2, 2)))
    before = cut.part(cut.before, {"p": value}, ["a"])
    assert not before.graph.initializer
