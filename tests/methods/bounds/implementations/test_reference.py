from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from single_layers import LAYERS, layer, zeros

from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick, BrickLayer, BrickTensor
from dlscope.graph.brick_model import brick_feeds
from dlscope.methods.bounds.implementations.reference import Reference, relative_error

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8).map(np.array)


def test_a_small_layer_is_evaluated_as_the_standard_says() -> None:
    brick = LAYERS["relu"]
    (found,) = Reference(brick).outputs
    np.testing.assert_array_equal(found, np.maximum(brick_feeds(brick)["v0"], 0))


def test_a_large_layer_is_computed_too() -> None:
    brick = layer("Relu", [zeros(1, 64, 32, 32)])
    (found,) = Reference(brick).outputs
    np.testing.assert_array_equal(found, np.maximum(brick_feeds(brick)["v0"], 0))


def test_batch_normalisation_of_old_models_is_one_of_inference() -> None:
    brick = layer("BatchNormalization", [zeros(1, 2, 3, 3)], [zeros(2)] * 4, opset=9)
    old = Reference(brick).outputs[0]
    values = brick_feeds(brick)["v0"]
    # Of inference it is one straight line for each channel; in training one of their own mean.
    slopes = np.diff(old[0, 0].reshape(-1)) / np.diff(values[0, 0].reshape(-1))
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-3)
    mean = float(old[0, 0].mean())
    training = brick_feeds(layer("Relu", [zeros(1)]))
    assert training  # the same rule draws both
    assert not math.isclose(mean, 0.0, abs_tol=1e-6)


def test_says_what_nobody_can_compute() -> None:
    tensors = (BrickTensor("float32", (2,), "input"), BrickTensor("float32", (2,), "activation"))
    brick = Brick(tensors, (BrickLayer("com.example", "Secret", 1, {}, (0,), (1,)),), (1,))
    with pytest.raises(BackendError) as caught:
        _ = Reference(brick).outputs
    assert caught.value.what.startswith("ONNX Runtime refuses Secret: ")
    assert caught.value.where == f"brick {brick.id}"
    assert caught.value.fix == "measure it with another implementation"


def test_the_error_is_relative_to_the_largest_value_expected() -> None:
    expected = [np.array([1.0, -4.0]), np.array([10.0])]
    assert relative_error([np.array([1.0, -3.0]), np.array([11.0])], expected) == 0.25
    assert relative_error([np.array([0.5])], [np.array([0.0])]) == 0.5
    assert relative_error([], []) == 0.0


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([np.zeros(2)], [np.zeros(3)]),
        ([np.zeros(2)], [np.zeros(2)] * 2),
        ([np.array([np.nan])], [np.array([1.0])]),
        ([np.array([1.0])], [np.array([np.inf])]),
        ([np.array([np.inf, 1.0])], [np.array([-np.inf, 1.0])]),
    ],
)
def test_another_shape_and_what_is_no_number_is_infinitely_wrong(found, expected) -> None:
    assert relative_error(found, expected) == math.inf


def test_what_is_no_number_on_both_sides_is_right() -> None:
    both = [np.array([np.nan, np.inf, -np.inf, 2.0])]
    assert relative_error(both, both) == 0
    assert relative_error([np.array([np.nan])], [np.array([np.nan])]) == 0


def test_truth_values_and_empty_arrays_are_compared() -> None:
    assert relative_error([np.array([True, False])], [np.array([True, False])]) == 0
    assert relative_error([np.array([True, True])], [np.array([True, False])]) == 1
    assert relative_error([np.zeros((0, 3))], [np.zeros((0, 3))]) == 0


@given(VALUES, st.floats(1e-6, 1e-1))
def test_an_error_is_found_at_its_size_in_any_unit(expected, error) -> None:
    expected = np.append(expected, 1e3)
    found = expected.copy()
    found[0] += error * 1e3
    assert relative_error([found], [expected]) == pytest.approx(error, rel=1e-6)
    assert relative_error([found * 8], [expected * 8]) == pytest.approx(error, rel=1e-6)
