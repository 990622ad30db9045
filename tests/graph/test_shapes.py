from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from dlscope.core.errors import GraphError, ShapeError, UnsupportedOp
from dlscope.graph import evaluate, shapes
from dlscope.graph.read import read_graph


@pytest.fixture
def computed(monkeypatch) -> list[str]:
    """The operators that a sample run computes, in order."""
    seen = []

    def watched(node, *arguments):
        seen.append(node.op_type)
        return evaluate.evaluate(node, *arguments)

    monkeypatch.setattr(shapes, "evaluate", watched)
    return seen


def test_nothing_is_run_where_shapes_can_be_inferred(lite0, computed):
    graph = read_graph(lite0, {"N": 2})
    assert computed == []
    assert all(tensor.sample is None for tensor in graph.tensors.values())


def test_a_shape_that_depends_on_values_is_found_by_running_what_it_needs(model_of, computed):
    nodes = [
        helper.make_node("Exp", ["x"], ["aside"]),
        helper.make_node("Greater", ["x", "zero"], ["positive"]),
        helper.make_node("NonZero", ["positive"], ["places"]),
        helper.make_node("Cast", ["places"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["y"]),
    ]
    sample = np.array([[1, -1, 2], [-3, 4, -5]], np.float32)
    model = model_of(
        nodes,
        {"x": "float32[2,3]"},
        {"y": "float32[n,2]", "aside": "float32[2,3]"},
        {"zero": np.float32(0)},
    )
    graph = read_graph(model, samples={"x": sample})
    assert computed == ["Greater", "NonZero"]
    found = {layer.op_type: layer.outputs[0].shape for layer in graph.layers}
    assert found == {
        "Exp": (2, 3),
        "Greater": (2, 3),
        "NonZero": (2, 3),
        "Cast": (2, 3),
        "Transpose": (3, 2),
    }
    assert graph.tensors["places"].sample.tolist() == [[0, 0, 1], [0, 2, 1]]
    assert graph.tensors["places"].dtype == "int64"
    assert graph.tensors["y"].sample is None


def test_samples_that_are_not_given_are_drawn_and_integers_are_valid_indices(model_of):
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("NonZero", ["ids"], ["places"]),
    ]
    model = model_of(
        nodes,
        {"ids": "int64[5]"},
        {"rows": "float32[5,4]", "places": "int64[1,n]"},
        {"table": np.zeros((3, 4), np.float32)},
    )
    graph = read_graph(model)
    assert graph.tensors["places"].shape == (1, 5)
    assert graph.tensors["places"].sample.tolist() == [[0, 1, 2, 3, 4]]


def test_the_shape_of_a_value_that_was_run_is_no_constant(model_of):
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Shape", ["places"], ["shape"]),
        helper.make_node("Shape", ["x"], ["fixed"]),
    ]
    model = model_of(nodes, {"x": "float32[4]"}, {"shape": "int64[2]", "fixed": "int64[1]"})
    graph = read_graph(model)
    assert [layer.op_type for layer in graph.layers] == ["NonZero", "Shape"]
    assert graph.tensors["shape"].kind == "activation"
    assert graph.tensors["fixed"].value.tolist() == [4]


def test_an_output_that_nobody_uses_may_stay_unknown(light):
    """The mask of `Dropout` before version 10, which ONNX gives no type."""
    graph = read_graph(light("vgg19"))
    dropouts = [layer for layer in graph.layers if layer.op_type == "Dropout"]
    assert [layer.outputs[1] for layer in dropouts] == [None, None]


def test_what_the_file_states_is_used_for_foreign_operators(model_of):
    nodes = [
        helper.make_node("Fuse", ["x"], ["f"], domain="com.example"),
        helper.make_node("Relu", ["f"], ["y"]),
    ]
    model = model_of(nodes, {"x": "float32[N,4]"}, {"y": "float32[N,8]"}, domains=["com.example"])
    with pytest.raises(UnsupportedOp) as caught:
        read_graph(model, {"N": 3})
    assert caught.value.what == ("ONNX's evaluator does not know the operator com.example::Fuse")
    assert caught.value.fix == "state the shapes of its outputs in the file (value_info)"
    model.graph.value_info.append(helper.make_tensor_value_info("f", TensorProto.FLOAT, ("N", 8)))
    assert read_graph(model, {"N": 3}).outputs[0].shape == (3, 8)


def test_branches_take_values_from_outside(model_of):
    value = helper.make_tensor_value_info("o", TensorProto.FLOAT, ("a", "b"))
    body = helper.make_graph([helper.make_node("Transpose", ["x"], ["o"])], "b", [], [value])
    node = helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    inputs = {"x": "float32[2,3]", "c": "bool[]"}
    graph = read_graph(model_of([node], inputs, {"y": "float32[p,q]"}))
    assert graph.outputs[0].shape == (3, 2)
    assert [tensor.name for tensor in graph.inputs] == ["x", "c"]
    assert [layer.op_type for layer in graph.consumers["x"]] == ["If"]


def test_reads_a_network_of_two_rates_inside_a_branch():
    """Silero VAD, as it is published: everything stands in one `If`."""
    folder = Path(str(distribution("silero_vad").locate_file("silero_vad/data")))
    bindings = {"batch": 1, "sequence": 512}
    samples = {"sr": np.array(16000)}
    graph = read_graph(folder / "silero_vad_op18_ifless.onnx", bindings, samples=samples)
    assert [tensor.shape for tensor in graph.outputs] == [(1, 1), (2, 1, 128)]
    assert sum(layer.control_flow for layer in graph.layers) == 1


def test_a_sequence_is_refused(model_of):
    nodes = [
        helper.make_node("SplitToSequence", ["x"], ["parts"]),
        helper.make_node("ConcatFromSequence", ["parts"], ["y"], axis=0),
    ]
    with pytest.raises(UnsupportedOp) as caught:
        read_graph(model_of(nodes, {"x": "float32[4]"}, {"y": "float32[n]"}))
    assert caught.value.what == "layer 'parts' (SplitToSequence) gives a sequence, not a tensor"
    assert caught.value.where == "graph g"
    assert caught.value.fix == "use a model without sequences, maps and optional values"


@pytest.mark.parametrize(
    ("samples", "kind", "what", "fix"),
    [
        (
            {"z": np.zeros(2, np.float32)},
            GraphError,
            "no layer takes the input 'z', for which there is a sample",
            "use one of x",
        ),
        (
            {"x": np.zeros((2, 1), np.float32)},
            ShapeError,
            "the sample for input 'x' is float32[2, 1]",
            "give float32[2]",
        ),
        (
            {"x": np.zeros(2)},
            ShapeError,
            "the sample for input 'x' is float64[2]",
            "give float32[2]",
        ),
    ],
)
def test_refuses_samples_that_do_not_fit(model_of, samples, kind, what, fix):
    node = helper.make_node("NonZero", ["x"], ["y"])
    model = model_of([node], {"x": "float32[2]"}, {"y": "int64[1,n]"})
    with pytest.raises(GraphError) as caught:
        read_graph(model, samples=samples)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.fix) == (what, fix)


def test_a_network_optimised_by_onnx_runtime_keeps_its_shapes(lite0, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(lite0), options, providers=["CPUExecutionProvider"])
    model = onnx.load(tmp_path / "fused.onnx")
    del model.graph.value_info[:]
    fused, plain = read_graph(model, {"N": 1}), read_graph(lite0, {"N": 1})
    assert "com.microsoft::FusedConv" in {layer.operator for layer in fused.layers}
    last = [graph.producers["average"].inputs[0].shape for graph in (fused, plain)]
    assert last[0] == last[1] == (1, 1280, 7, 7)
