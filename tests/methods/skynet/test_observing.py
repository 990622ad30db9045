from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper
from small_detectors import small_detector

from dlscope.core.errors import GraphError
from dlscope.methods.skynet.int8 import to_int8
from dlscope.methods.skynet.observing import first_not_finite, observe, one_thread


def images(count):
    draw = np.random.default_rng(0)
    return [draw.uniform(-2, 2, (1, 3, 32, 64)).astype(np.float32) for _ in range(count)]


def test_tells_the_ends_of_every_tensor_over_all_images():
    detector = small_detector()
    observed = observe(detector.graph, images(3))
    heads = [one_thread(detector.content).run(None, {"image": each})[0] for each in images(3)]
    assert set(observed) == {
        "image", *(name for node in detector.graph.graph.node for name in node.output)
    }  # fmt: skip
    assert observed["head"].least == min(float(each.min()) for each in heads)
    assert observed["head"].most == max(float(each.max()) for each in heads)
    assert observed["image"].most == max(float(each.max()) for each in images(3))


def spoiled():
    """A detector with a NaN among the biases of the second bundle."""
    detector = small_detector()
    for each in detector.graph.graph.initializer:
        if each.name == "bundle2.depthwise.bias":
            values = numpy_helper.to_array(each).copy()
            values[3] = np.nan
            each.CopyFrom(numpy_helper.from_array(values, each.name))
    return detector


TOLD = (
    "GraphError: 512 of 8192 numbers of 'bundle2.depthwise' are NaN or infinite\n"
    "  where  SkyNet, layer bundle2.depthwise\n"
    "  fix    check the weights, and the image that was put in"
)


def test_names_the_first_layer_that_gives_no_number():
    with pytest.raises(GraphError) as refused:
        observe(spoiled().graph, images(1))
    assert str(refused.value) == TOLD
    assert str(first_not_finite(spoiled().graph, images(1)[0])) == TOLD


def test_looks_into_graphs_of_integers_too():
    detector = small_detector()
    graph = to_int8(detector.graph, observe(detector.graph, images(2)))
    assert first_not_finite(graph, images(1)[0]) is None


def test_finds_nothing_where_all_are_numbers():
    assert first_not_finite(small_detector().graph, images(1)[0]) is None
