from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

pytest.importorskip("onnxruntime")

from chained import REAL, answers, chained, drawn_feeds, largest_difference, real_network
from small_graphs import NETWORKS, network, quantised

from dlscope.backends.onnxruntime_executed import executed_graph
from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model, segment_model
from dlscope.graph.ir import Graph
from dlscope.graph.partition import partition
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment
from dlscope.zoo import bert

TOLERANCE = 1e-5
NCHWC = "com.microsoft.nchwc"


def fed(source: Graph, executed: Graph, feeds: Mapping[str, Any]) -> dict[str, Any]:
    """The same feeds by the names that the inputs have in the executed graph."""
    pairs = zip(source.inputs, executed.inputs, strict=True)
    return {new.name: feeds[old.name] for old, new in pairs}


def require_same(graph: Graph, executed: Graph, granularity: int = 1) -> None:
    """Both graphs answer the same, the executed one segment by segment."""
    feeds = drawn_feeds(graph)
    wanted = chained(graph, len(graph.layers), feeds)
    got = chained(executed, granularity, fed(graph, executed, feeds))
    for one, other in zip(got, wanted, strict=True):
        assert one.shape == other.shape
        assert largest_difference(one, other) <= TOLERANCE


def convolutions() -> Graph:
    """Nine channels: more than a block of eight, and fewer than one of sixteen."""
    weights = np.random.default_rng(0).standard_normal
    constants = {
        "w1": weights((9, 16, 3, 3)).astype(np.float32) / 12,
        "w2": weights((9, 9, 3, 3)).astype(np.float32) / 9,
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["y"], pads=[1] * 4),
    ]
    return graph_of(nodes, {"x": (1, 16, 12, 12)}, {"y": (1, 9, 12, 12)}, constants)


def graph_of(nodes, inputs, outputs, constants=(), opset=17, domains=()) -> Graph:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in dict(constants).items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(each, 1) for each in domains)]
    return read_graph(helper.make_model(graph, opset_imports=opsets, ir_version=8))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other layouts")
def test_convolutions_are_laid_out_in_blocks_and_reordered():
    graph = convolutions()
    executed = executed_graph(graph)
    operators = [layer.operator for layer in executed.layers]
    assert operators == [
        f"{NCHWC}::ReorderInput",
        f"{NCHWC}::Conv",
        f"{NCHWC}::ReorderOutput",  # nine channels cannot be taken in blocks
        f"{NCHWC}::Conv",
        f"{NCHWC}::ReorderOutput",
    ]
    channels = [layer.results[0].shape[1] for layer in executed.layers]
    assert channels == [16, 16, 9, 16, 9]
    require_same(graph, executed)


def test_every_shape_is_that_of_the_value_that_comes_up():
    graph = convolutions()
    executed = executed_graph(graph)
    feeds = fed(graph, executed, drawn_feeds(graph))
    whole = segment_model(Segment(executed, executed.layers))
    (output,) = answers(whole, {"v0": feeds[executed.inputs[0].name]}).values()
    assert output.shape == executed.outputs[0].shape
    for layer in executed.layers:
        brick = Brick.of(Segment(executed, (layer,)))
        given = answers(brick_model(brick), brick_feeds(brick))
        assert [each.shape for each in given.values()] == [each.shape for each in layer.results]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("granularity", [1, 3])
def test_the_executed_graph_answers_as_the_one_that_was_written(name, granularity):
    graph = network(name)
    require_same(graph, executed_graph(graph), granularity)


@pytest.mark.parametrize("optimization", ["disabled", "basic", "extended"])
def test_less_optimisation_can_be_asked_for(optimization):
    graph = convolutions()
    executed = executed_graph(graph, optimization)
    assert NCHWC not in {layer.domain for layer in executed.layers}
    require_same(graph, executed)


def test_without_optimisation_nothing_is_fused():
    graph = convolutions()
    executed = executed_graph(graph, "disabled")
    assert [layer.op_type for layer in executed.layers] == [layer.op_type for layer in graph.layers]


@pytest.fixture(scope="module")
def sentence_encoder() -> Graph:
    settings = {"layers": "1", "hidden": "16", "heads": "2", "seed": "0"}
    return read_graph(onnx.load_from_string(bert.build(None, settings)), default_dim=4)


def test_a_sentence_encoder_is_fused(sentence_encoder):
    executed = executed_graph(sentence_encoder)
    fused = {layer.op_type for layer in executed.layers if layer.domain == "com.microsoft"}
    assert fused
    require_same(sentence_encoder, executed)


def test_integers_that_come_up_are_samples(sentence_encoder):
    samples = {each.name: np.zeros(each.shape, np.int64) for each in sentence_encoder.inputs}
    executed = executed_graph(sentence_encoder, samples=samples)
    for tensor in executed.tensors.values():
        is_known = tensor.sample is not None
        assert is_known is (tensor.kind != "const" and not tensor.dtype.startswith("float"))
    assert all((each.sample == 0).all() for each in executed.inputs)
    assert all(not each.sample.flags.writeable for each in executed.inputs)


def test_inputs_and_outputs_are_in_their_own_order():
    nodes = [
        helper.make_node("Relu", ["b"], ["h"]),
        helper.make_node("Mul", ["h", "a"], ["y"]),
        helper.make_node("Neg", ["h"], ["z"]),
    ]
    graph = graph_of(nodes, {"a": (1, 3), "b": (5, 3)}, {"z": (5, 3), "y": (5, 3)})
    executed = executed_graph(graph)
    assert [each.shape for each in executed.inputs] == [(1, 3), (5, 3)]
    assert (executed.name, executed.batch, executed.bindings) == ("net", 1, graph.bindings)
    require_same(graph, executed)


def test_a_graph_without_operators_of_onnx_is_read():
    nodes = [helper.make_node("FastGelu", ["x"], ["y"], domain="com.microsoft")]
    form = {"x": (2, 8)}, {"y": (2, 8)}
    executed = executed_graph(graph_of(nodes, *form, domains=["com.microsoft"]))
    assert [layer.operator for layer in executed.layers] == ["com.microsoft::FastGelu"]


def test_an_operator_that_onnx_does_not_know_in_this_version_is_read():
    """ONNX Runtime makes one LayerNormalization; ONNX has it from version 17 on."""
    constants = {
        "two": np.float32(2),
        "small": np.float32(1e-5),
        "scale": np.linspace(0.5, 1, 8, dtype=np.float32),
        "shift": np.linspace(0, 1, 8, dtype=np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[-1]),
        helper.make_node("Sub", ["x", "mean"], ["apart"]),
        helper.make_node("Pow", ["apart", "two"], ["square"]),
        helper.make_node("ReduceMean", ["square"], ["variance"], axes=[-1]),
        helper.make_node("Add", ["variance", "small"], ["safe"]),
        helper.make_node("Sqrt", ["safe"], ["deviation"]),
        helper.make_node("Div", ["apart", "deviation"], ["normal"]),
        helper.make_node("Mul", ["normal", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["y"]),
    ]
    graph = graph_of(nodes, {"x": (2, 8)}, {"y": (2, 8)}, constants, opset=13)
    executed = executed_graph(graph)
    assert [layer.operator for layer in executed.layers] == ["LayerNormalization"]
    assert [layer.opset for layer in executed.layers] == [executed.opsets[""]] == [13]
    assert "onnxruntime.unknown" not in executed.opsets
    require_same(graph, executed)


def test_quantised_pools_and_convolutions_can_be_bricks():
    executed = executed_graph(quantised())
    kinds = {layer.op_type for layer in executed.layers}
    assert {"QLinearConv", "QLinearAveragePool"} <= kinds
    for segment in partition(executed, 1):
        brick = Brick.of(segment)
        answers(brick_model(brick), brick_feeds(brick))


def test_branches_keep_their_large_weights():
    weights = np.random.default_rng(0).standard_normal((2, 8, 300)).astype(np.float32)
    branches = [
        helper.make_graph(
            [
                helper.make_node("MatMul", ["x", "w"], ["h"]),
                helper.make_node("ReduceSum", ["h"], ["s"], keepdims=0),
            ],
            "branch",
            [],
            [helper.make_tensor_value_info("s", 1, [])],
            [numpy_helper.from_array(each, "w")],
        )
        for each in weights
    ]
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "zero"], ["c"]),
        helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    graph = graph_of(nodes, {"x": (2, 8)}, {"y": ()}, {"zero": np.float32(0)})
    executed = executed_graph(graph)
    assert [layer.control_flow for layer in executed.layers].count(True) == 1
    require_same(graph, executed)


def test_the_weights_outlive_the_files_that_they_came_in():
    executed = executed_graph(convolutions())
    weights = [each for each in executed.tensors.values() if each.kind == "const"]
    assert max(each.size_bytes for each in weights) > 1024
    assert all(np.isfinite(each.value).all() for each in weights)


def test_what_onnx_runtime_does_not_know_is_refused():
    nodes = [helper.make_node("Mystery", ["x"], ["y"], domain="com.example")]
    graph = graph_of(nodes, {"x": (2,)}, {"y": (2,)}, domains=["com.example"])
    with pytest.raises(BackendError) as caught:
        executed_graph(graph)
    assert caught.value.what.startswith("ONNX Runtime cannot save the graph that it executes: ")
    assert "com.example:Mystery" in caught.value.what
    assert caught.value.where == "net"
    assert caught.value.fix == "cut the graph as it was written: --cut authored"


def test_what_cannot_be_run_is_refused():
    x = helper.make_tensor_value_info("x", 1, [4])
    i = helper.make_tensor_value_info("i", onnx.TensorProto.INT64, [2])
    y = helper.make_tensor_value_info("y", 1, [2])
    nodes = [helper.make_node("Gather", ["x", "i"], ["y"])]
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(
        helper.make_graph(nodes, "net", [x, i], [y]), opset_imports=opsets, ir_version=8
    )
    with pytest.raises(BackendError) as caught:
        executed_graph(read_graph(model), samples={"i": np.array([1, 9])})
    assert caught.value.what.startswith("ONNX Runtime cannot run the graph that it saved: ")
    assert "out of data bounds" in caught.value.what
    assert caught.value.where == "net"


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_networks_answer_as_they_were_written(name):
    _, graph = real_network(name)
    require_same(graph, executed_graph(graph))
