from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

pytest.importorskip("onnxruntime")

from chained import REAL, answers, chained, drawn_feeds, real_network
from small_graphs import NETWORKS, network, quantised

from dlscope.core.digest import bytes_digest
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import (
    brick_feeds,
    brick_model,
    brick_skeleton,
    segment_model,
    segment_skeleton,
)
from dlscope.graph.ir import Graph
from dlscope.graph.partition import partition
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

ALL = 10_000


def whole(graph: Graph) -> Segment:
    return Segment(graph, graph.layers)


def brick_of(model_of, node, inputs, outputs, constants=None, **more) -> Brick:
    return Brick.of(whole(read_graph(model_of([node], inputs, outputs, constants, **more))))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("granularity", [1, 2, 3, ALL])
def test_segments_one_after_the_other_answer_as_the_network_does(name, granularity):
    source = NETWORKS[name]()
    graph = read_graph(source)
    feeds = drawn_feeds(graph)
    (got,) = chained(graph, granularity, feeds)
    (wanted,) = answers(source, feeds).values()
    np.testing.assert_array_equal(got, wanted)


def test_quantised_segments_answer_as_the_network_does():
    graph = quantised()
    feeds = drawn_feeds(graph)
    np.testing.assert_array_equal(chained(graph, 1, feeds), chained(graph, ALL, feeds))


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("granularity", [1, 2, 3, ALL])
def test_segments_of_real_networks_answer_as_these_do(name, granularity):
    path, graph = real_network(name)
    feeds = drawn_feeds(graph)
    wanted = answers(onnx.load(path), feeds)
    for tensor, got in zip(graph.outputs, chained(graph, granularity, feeds), strict=True):
        np.testing.assert_array_equal(got, wanted[tensor.name])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_brick_runs_on_its_feeds(name):
    for granularity in (1, 3):
        for segment in partition(network(name), granularity):
            brick = Brick.of(segment)
            model = brick_model(brick)
            onnx.checker.check_model(model, full_check=True)
            outputs = list(answers(model, brick_feeds(brick)).values())
            assert [each.shape for each in outputs] == [each.shape for each in segment.outputs]
            assert all(np.isfinite(each).all() for each in outputs)


def test_of_the_network_a_brick_keeps_no_name_and_no_weight():
    graph = network("residual")
    data = brick_model(Brick.of(whole(graph))).SerializeToString()
    assert graph.tensors["w0"].value.tobytes()[:16] not in data
    model = onnx.ModelProto.FromString(data)
    names = [node.name for node in model.graph.node]
    assert names == [f"n{index}" for index in range(len(graph.layers))]
    values = {each for node in model.graph.node for each in (*node.input, *node.output)}
    assert values == {f"v{place}" for place in range(len(values))}
    assert not model.graph.value_info


DIGESTS = (
    "from dlscope.core.digest import bytes_digest\n"
    "from dlscope.graph.brick import Brick\n"
    "from dlscope.graph.brick_model import brick_model\n"
    "from dlscope.graph.partition import partition\n"
    "from small_graphs import network\n"
    "bricks = [Brick.of(each) for each in partition(network('attention'), 2)]\n"
    "print(*(bytes_digest(brick_model(each).SerializeToString()) for each in bricks))\n"
)


def test_the_same_brick_gives_the_same_bytes_in_every_process():
    ran = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        cwd=Path(__file__).parent,
        env={"PYTHONHASHSEED": "3", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    bricks = [Brick.of(each) for each in partition(network("attention"), 2)]
    here = [bytes_digest(brick_model(each).SerializeToString()) for each in bricks]
    assert ran.stdout.split() == here


def test_weights_of_two_places_differ_and_feeds_are_the_same_each_time():
    brick = Brick.of(whole(network("attention")))
    model = brick_model(brick)
    weights = [
        numpy_helper.to_array(each).tobytes()
        for each in model.graph.initializer
        if list(each.dims) == [8, 8]
    ]
    assert len(set(weights)) == len(weights) == 3
    first, second = brick_feeds(brick), brick_feeds(brick)
    assert all((first[name] == second[name]).all() for name in first)


def test_a_constant_without_axes_keeps_none(model_of):
    """With one axis more, the result of a `Gather` would have one more."""
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=0)
    graph = read_graph(
        model_of([node], {"x": "float32[3,2]"}, {"y": "float32[n]"}, {"i": np.int64(1)})
    )
    for model in (brick_model(Brick.of(whole(graph))), segment_model(whole(graph))):
        (index,) = model.graph.initializer
        assert (list(index.dims), numpy_helper.to_array(index).item()) == ([], 1)
        (output,) = answers(model, {"v0": np.zeros((3, 2), np.float32)}).values()
        assert output.shape == (2,)


@pytest.mark.parametrize(
    ("operator", "shape", "indices", "axis", "least"),
    [
        ("Gather", (50, 3), (400,), 0, 0),
        ("Gather", (3, 50), (400,), 1, 0),
        ("Gather", (3, 50), (400,), -1, 0),
        ("GatherElements", (7, 50), (7, 50), 1, 0),
        ("GatherND", (1, 9), (100, 2), None, 0),
    ],
)
def test_indices_are_within_the_axis(model_of, operator, shape, indices, axis, least):
    node = helper.make_node(operator, ["x", "i"], ["y"], **({} if axis is None else {"axis": axis}))
    form = {"x": f"float32[{shape[0]},{shape[1]}]", "i": f"int64[{','.join(map(str, indices))}]"}
    rank = 1 if operator == "GatherND" else len(shape) + len(indices) - 1
    rank = 2 if operator == "GatherElements" else rank
    output = {"y": f"float32[{','.join('abcd'[:rank])}]"}
    brick = brick_of(model_of, node, form, output)
    feeds = brick_feeds(brick)
    bound = min(shape) if axis is None else shape[axis]
    assert feeds["v1"].min() >= least
    assert feeds["v1"].max() < bound
    assert bound == 1 or len(np.unique(feeds["v1"])) > 1
    answers(brick_model(brick), feeds)


def test_integers_and_truth_values_are_ones_where_nothing_is_known(model_of):
    node = helper.make_node("Where", ["c", "a", "b"], ["y"])
    form = {"c": "bool[3]", "a": "int64[3]", "b": "int64[3]"}
    feeds = brick_feeds(brick_of(model_of, node, form, {"y": "int64[3]"}))
    assert [(each.dtype.name, each.tolist()) for each in feeds.values()] == [
        ("bool", [True] * 3),
        ("int64", [1, 1, 1]),
        ("int64", [1, 1, 1]),
    ]


def test_known_integers_are_fed_and_of_many_as_far_as_they_reached():
    plain = Brick.of(whole(network("attention"))).to_json()
    plain["tensors"][1]["sample"] = {"array": "int64", "shape": [1, 6], "value": [3, 1, 4, 1, 5, 9]}
    assert brick_feeds(Brick.from_json(plain))["v1"].tolist() == [[3, 1, 4, 1, 5, 9]]
    del plain["tensors"][1]["sample"]
    plain["tensors"][1]["span"] = [2, 4]
    fed = brick_feeds(Brick.from_json(plain))["v1"]
    assert 2 <= fed.min() <= fed.max() <= 4


def test_many_constant_indices_are_drawn_within_what_they_were(model_of):
    node = helper.make_node("Gather", ["x", "i"], ["y"])
    indices = np.arange(90).reshape(1, 90) % 4
    brick = brick_of(model_of, node, {"x": "float32[9]"}, {"y": "float32[1,n]"}, {"i": indices})
    (constant,) = brick_model(brick).graph.initializer
    drawn = numpy_helper.to_array(constant)
    assert (drawn.shape, drawn.dtype) == ((1, 90), np.int64)
    assert set(drawn.reshape(-1)) == {0, 1, 2, 3}


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_floats_are_drawn_in_their_own_type(model_of, dtype):
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    constants = {"w": np.zeros((8, 3), dtype)}
    brick = brick_of(model_of, node, {"x": f"{dtype}[2,8]"}, {"y": f"{dtype}[2,3]"}, constants)
    (weight,) = brick_model(brick).graph.initializer
    assert numpy_helper.to_array(weight).dtype == dtype
    assert numpy_helper.to_array(weight).std() > 0
    assert brick_feeds(brick)["v0"].dtype == dtype


def test_a_variance_is_positive(model_of):
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])
    constants = {name: np.ones(5, np.float32) for name in "sbmv"}
    brick = brick_of(
        model_of, node, {"x": "float32[1,5,4,4]"}, {"y": "float32[1,5,4,4]"}, constants
    )
    (output,) = answers(brick_model(brick), brick_feeds(brick)).values()
    assert np.isfinite(output).all()


def test_an_optional_input_that_is_left_out_stays_so(model_of):
    node = helper.make_node("Clip", ["x", "", "most"], ["y"])
    brick = brick_of(
        model_of, node, {"x": "float32[9]"}, {"y": "float32[9]"}, {"most": np.float32(0)}
    )
    model = brick_model(brick)
    assert list(model.graph.node[0].input) == ["v0", "", "v1"]
    (output,) = answers(model, brick_feeds(brick)).values()
    assert output.max() <= 0


@pytest.mark.parametrize(("opset", "is_told"), [(17, False), (19, True)])
def test_an_attribute_that_an_older_version_lacks_is_left_out(model_of, opset, is_told):
    node = helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2])
    form = {"x": "float32[1,1,4,4]"}, {"y": "float32[1,1,3,3]"}
    brick = brick_of(model_of, node, *form, opset=opset)
    assert brick.layers[0].attributes["dilations"] == [1, 1]
    model = brick_model(brick)
    assert ("dilations" in {each.name for each in model.graph.node[0].attribute}) is is_told
    answers(model, brick_feeds(brick))


def test_empty_lists_are_left_out():
    plain = Brick.of(whole(network("residual"))).to_json()
    plain["layers"][0]["attributes"]["dilations"] = []
    model = brick_model(Brick.from_json(plain))
    assert "dilations" not in {each.name for each in model.graph.node[0].attribute}


def test_versions_of_all_domains_are_stated(model_of):
    node = helper.make_node("FastGelu", ["x"], ["y"], domain="com.microsoft")
    form = {"x": "float32[2,4]"}, {"y": "float32[2,4]"}
    brick = brick_of(model_of, node, *form, domains=["com.microsoft"])
    model = brick_model(brick)
    assert {each.domain: each.version for each in model.opset_import} == {
        "": 17,
        "com.microsoft": 1,
    }
    answers(model, brick_feeds(brick))


def test_a_skeleton_says_that_large_weights_are_elsewhere():
    segment = whole(network("residual"))
    model, weights = segment_skeleton(segment, Brick.of(segment))
    assert weights == {}  # 576 bytes each
    graph = segment_of_large_weights()
    model, weights = segment_skeleton(graph, Brick.of(graph))
    assert {name: array.shape for name, array in weights.items()} == {"v1": (40, 30)}
    assert np.shares_memory(weights["v1"], graph.constants[0].value)
    told = {each.name: each.data_location for each in model.graph.initializer}
    assert told == {"v1": onnx.TensorProto.EXTERNAL, "v3": onnx.TensorProto.DEFAULT}
    assert model.ByteSize() < 1000


def test_a_skeleton_of_a_brick_lacks_what_is_drawn_and_large() -> None:
    brick = Brick.of(segment_of_large_weights())
    small, none = brick_skeleton(brick)
    assert none == {}
    assert small == brick_model(brick)
    brick = Brick.of(segment_of_large_weights(400, 300))
    model, shapes = brick_skeleton(brick)
    assert shapes == {"v1": (400, 300)}
    told = {each.name: each.data_location for each in model.graph.initializer}
    assert told == {"v1": onnx.TensorProto.EXTERNAL, "v3": onnx.TensorProto.DEFAULT}
    drawn = {each.name: each for each in brick_model(brick).graph.initializer}
    assert model.graph.initializer[1] == drawn["v3"]
    assert model.graph.node == brick_model(brick).graph.node


def segment_of_large_weights(inputs: int = 40, outputs: int = 30) -> Segment:
    sizes = (("x", inputs), ("y", outputs))
    x, y = (helper.make_tensor_value_info(name, 1, [2, size]) for name, size in sizes)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "b"], ["y"]),
    ]
    constants = [
        numpy_helper.from_array(np.ones(shape, np.float32), name)
        for name, shape in (("w", (inputs, outputs)), ("b", (outputs,)))
    ]
    graph = helper.make_graph(nodes, "large", [x], [y], constants)
    opsets = [helper.make_opsetid("", 17)]
    return whole(read_graph(helper.make_model(graph, opset_imports=opsets, ir_version=8)))
