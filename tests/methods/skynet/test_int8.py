from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper
from small_detectors import small_detector

from dlscope.core.errors import GraphError
from dlscope.methods.skynet.int8 import to_int8
from dlscope.methods.skynet.observing import observe, one_thread


@pytest.fixture(scope="module")
def images():
    draw = np.random.default_rng(0)
    return [draw.uniform(-2, 2, (1, 3, 32, 64)).astype(np.float32) for _ in range(4)]


@pytest.fixture(scope="module")
def quantised(images):
    detector = small_detector()
    return detector, to_int8(detector.graph, observe(detector.graph, images))


def test_comes_near_to_floats(quantised, images):
    detector, graph = quantised
    whole, small = one_thread(detector.content), one_thread(graph.SerializeToString())
    for image in images:
        (expected,), (found,) = (each.run(None, {"image": image}) for each in (whole, small))
        assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
        assert not np.array_equal(found, expected)


def test_weights_have_a_step_for_each_channel_and_maps_one(quantised):
    _, graph = quantised
    steps = {each.name: numpy_helper.to_array(each) for each in graph.graph.initializer}
    assert steps["bundle3.pointwise.weight_scale"].shape == (48,)
    assert steps["bundle3.depthwise.act_scale"].shape == ()
    assert steps["bundle3.pointwise.weight_quantized"].dtype == np.int8
    assert steps["bundle3.depthwise.act_zero_point"].dtype == np.uint8


def test_the_head_stays_in_float(quantised):
    _, graph = quantised
    producers = {name: node for node in graph.graph.node for name in node.output}
    assert producers["head"].op_type == "Conv"
    assert producers["head"].input[1] == "head.weight"


def test_leaves_the_float_graph_as_it_was(quantised):
    detector, _ = quantised
    assert detector.content == small_detector().content


def test_refuses_a_graph_that_is_quantised_already(quantised):
    _, graph = quantised
    with pytest.raises(GraphError) as refused:
        to_int8(graph, {})
    assert str(refused.value) == (
        "GraphError: the graph is quantised already\n"
        "  where  SkyNet, int8\n"
        "  fix    give the graph with float weights that it was made from"
    )
