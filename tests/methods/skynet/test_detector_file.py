from __future__ import annotations

import numpy as np
import onnx
import pytest
from small_detectors import SMALL, drawn_weights, small_detector

from dlscope.core.errors import DataError, DlscopeError, GraphError
from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.methods.skynet.decoding import ANCHORS
from dlscope.methods.skynet.detector_file import TRAINED, load_detector
from dlscope.methods.skynet.model_document import write_detector
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.onnx_model import onnx_model


def test_the_authors_weights_were_trained_with_the_nearest_pixel(released_file):
    detector = load_detector(released_file)
    assert (detector.size, detector.resize, detector.anchors) == ((160, 320), "nearest", ANCHORS)
    assert detector.folded().flat.size == 438_718


def test_a_graph_takes_the_filter_that_is_told(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(small_detector().content)
    detector = load_detector(path, resize="area")
    assert (detector.size, detector.resize) == ((32, 64), "area")
    assert detector.anchors == tuple(pytest.approx((a / 5, b / 5)) for a, b in ANCHORS)


def test_a_manifest_beside_a_graph_is_read(tmp_path):
    write_detector(tmp_path / TRAINED, small_detector())
    assert load_detector(tmp_path / TRAINED).anchors == ANCHORS
    assert load_detector(tmp_path).resize == "nearest"


def test_tells_the_weights_of_a_graph():
    weights = drawn_weights()
    np.testing.assert_array_equal(small_detector().folded().flat, weights.flat)


@pytest.mark.parametrize("act", ["relu", "relu6"])
def test_tells_the_activation_of_a_graph(act):
    assert small_detector(act=act).act == act


def test_cannot_tell_weights_whose_reorder_was_absorbed():
    layout = Layout("C", 0.25, (32, 64))
    graph = onnx_model(drawn_weights(), layout, lowering="absorb")
    with pytest.raises(GraphError) as refused:
        small_detector().with_graph(graph).folded()
    assert str(refused.value) == (
        "GraphError: there is no array 'bundle6.depthwise.weight', so the weights of bundles "
        "cannot be told\n"
        "  where  small.onnx\n"
        "  fix    give float weights, or a graph that `skynet export` or `skynet train` wrote, "
        "without --reorder absorb"
    )


def test_a_graph_alone_does_not_tell_its_filter(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(small_detector().content)
    with pytest.raises(DataError) as refused:
        load_detector(path)
    assert str(refused.value) == (
        "DataError: a graph does not tell the filter that its images were resized with\n"
        f"  where  {path}\n"
        "  fix    say it, such as --resize nearest, or put small.yaml beside the graph"
    )


def graph_of(inputs, channels=10):
    graph = GraphBuilder("other")
    value = graph.input("image", "float32", inputs)
    weight = graph.constant("weight", np.zeros((channels, inputs[1], 1, 1), np.float32))
    value = graph.node("Conv", [value, weight], output="head")
    graph.output(value, "float32", (inputs[0], channels, *inputs[2:]))
    return serialize(graph.finish())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no graph at all", "DataError: the file is neither weights of SkyNet nor an ONNX graph"),
        (
            graph_of(("N", 1, 32, 64)),
            "GraphError: the graph does not take images N×3×H×W of one size",
        ),
        (graph_of(("N", 3, 36, 64)), "ShapeError: height 36 is not a multiple of 8"),
        (
            graph_of(("N", 3, 32, 64), channels=15),
            "GraphError: the graph does not give the map of a head with 10 channels",
        ),
    ],
)
def test_refuses_other_graphs(tmp_path, content, told):
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(DlscopeError) as refused:
        load_detector(path, resize="nearest")
    assert str(refused.value).splitlines()[0] == told


def test_refuses_a_manifest_of_another_model():
    with pytest.raises(DataError) as refused:
        load_detector("centerface")
    assert str(refused.value) == (
        "DataError: the manifest is not that of a SkyNet\n"
        "  where  centerface\n"
        "  fix    name a method of resize and the step skynet_boxes"
    )


def test_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        load_detector(tmp_path / "nowhere")


def test_another_graph_keeps_the_rest():
    detector = small_detector()
    other = detector.with_graph(onnx.ModelProto())
    assert (other.size, other.anchors) == (SMALL.size, detector.anchors)
