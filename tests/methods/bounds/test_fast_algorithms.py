from __future__ import annotations

import numpy as np
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Layer
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.fast_algorithms import FastAlgorithm, largest_saving

WINOGRAD: frozenset[FastAlgorithm] = frozenset({"winograd"})
BOTH: frozenset[FastAlgorithm] = frozenset({"winograd", "fft"})


def convolution(*kernel: int, **attributes: object) -> Layer:
    builder = GraphBuilder("one")
    axes = (16,) * len(kernel)
    x = builder.input("x", "float32", (1, 4, *axes))
    w = builder.constant("w", np.zeros((8, 4, *kernel), np.float32))
    y = builder.node("Conv", [x, w], output="y", **attributes)
    builder.output(y, "float32", (1, 8, *(f"a{axis}" for axis in range(len(kernel)))))
    (layer,) = read_graph(builder.finish()).layers
    return layer


@pytest.mark.parametrize(
    ("layer", "saving"),
    [
        (convolution(3, 3), 4.0),
        (convolution(3, 3, pads=[1, 1, 1, 1]), 4.0),
        (convolution(3, 3, strides=[2, 2]), 1.0),
        (convolution(3, 3, strides=[1, 2]), 1.0),
        (convolution(3, 3, dilations=[2, 2]), 1.0),
        (convolution(1, 1), 1.0),
        (convolution(5, 5), 1.0),
        (convolution(3), 1.0),
    ],
)
def test_winograd_saves_four_times_of_3x3_kernels_in_steps_of_one(layer, saving) -> None:
    assert largest_saving(layer, WINOGRAD) == saving


@pytest.mark.parametrize("kernel", [(3, 3), (5, 5), (1, 7), (9,)])
def test_what_fourier_saves_is_not_known(kernel) -> None:
    assert largest_saving(convolution(*kernel), BOTH) is None


def test_fourier_saves_nothing_of_one_weight_or_of_larger_steps() -> None:
    assert largest_saving(convolution(1, 1), BOTH) == 1.0
    assert largest_saving(convolution(5, 5, strides=[2, 2]), BOTH) == 1.0


def test_nothing_is_saved_where_nothing_is_admissible() -> None:
    assert largest_saving(convolution(3, 3), frozenset()) == 1.0


def test_only_convolutions_have_fast_algorithms() -> None:
    builder = GraphBuilder("one")
    x = builder.input("x", "float32", (3, 3))
    builder.output(builder.node("MatMul", [x, x], output="y"), "float32", (3, 3))
    (layer,) = read_graph(builder.finish()).layers
    assert largest_saving(layer, BOTH) == 1.0
