from __future__ import annotations

import numpy as np

from dlscope.backends.onnx_to_tflite.axes import channels_last, inverse, stored
from dlscope.backends.onnx_to_tflite.graph import Graph
from dlscope.backends.onnx_to_tflite.shapes import transpose


def kinds(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def test_equal_constants_are_kept_once() -> None:
    graph = Graph({})
    first, second = graph.weight(np.ones(3, np.float32)), graph.weight(np.ones(3, np.float32))
    other = graph.weight(np.ones(3, np.int32))
    assert first == second != other
    assert len(graph.tensors) == 2


def test_a_tensor_is_moved_once_and_only_where_it_must() -> None:
    graph = Graph({})
    image = graph.input("x", (None, 3, 4, 5), "float32")
    last = graph.ordered(image, channels_last(4))
    assert graph.ordered(image, channels_last(4)).place == last.place
    assert graph.ordered(last, channels_last(4)) is last
    assert kinds(graph) == ["TRANSPOSE"]
    assert graph.tensors[last.place].shape == (None, 4, 5, 3)


def test_axes_of_size_1_change_places_without_moving_anything() -> None:
    graph = Graph({})
    pooled = graph.input("x", (None, 3, 1, 1), "float32")
    graph.ordered(pooled, channels_last(4))
    assert kinds(graph) == ["RESHAPE"]


def test_a_transposed_value_is_the_same_tensor() -> None:
    graph = Graph({})
    image = graph.input("x", (2, 3, 4, 5), "float32")
    turned = transpose(image, (0, 2, 3, 1))
    assert (turned.place, turned.shape) == (image.place, (2, 4, 5, 3))
    assert transpose(turned, (0, 3, 1, 2)).is_plain
    assert kinds(graph) == []


def test_one_tensor_looked_at_in_two_ways_is_moved_in_each_of_them() -> None:
    graph = Graph({})
    image = graph.input("x", (2, 3, 4, 5), "float32")
    turned = transpose(image, (0, 2, 3, 1))
    first, second = graph.place(image, (0, 3, 1, 2)), graph.place(turned)
    assert first != second
    assert graph.tensors[first].shape == (2, 5, 3, 4)
    assert graph.tensors[second].shape == (2, 4, 5, 3)


def test_operators_that_no_output_needs_are_left_out() -> None:
    graph = Graph({})
    x = graph.input("x", (2,), "float32")
    graph.add("SQRT", [x.place], (2,), "float32")
    kept = graph.add("NEG", [x.place], (2,), "float32")
    graph.keep_only([kept.place])
    assert kinds(graph) == ["NEG"]


def test_orders_of_axes() -> None:
    assert channels_last(4) == (0, 2, 3, 1)
    assert inverse((0, 2, 3, 1)) == (0, 3, 1, 2)
    assert stored((1, 2, 3, 4), (0, 2, 3, 1)) == (1, 3, 4, 2)
