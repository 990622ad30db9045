from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.core.errors import ShapeError
from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.parameters import Drawn


@pytest.fixture
def layers() -> Layers:
    return Layers(GraphBuilder("test"), Drawn(0))


def answer(layers: Layers, value: Value, image: np.ndarray) -> np.ndarray:
    """What `value` is for one image, its declared shape checked."""
    layers.output(value)
    session = onnxruntime.InferenceSession(serialize(layers.graph.finish()))
    (result,) = session.run(None, {"image": image[None]})
    assert result.shape == (1, *value.shape)
    return result[0]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (6, 13, 10)),
        ({"kernel": 3}, (6, 13, 10)),
        ({"kernel": 5, "dilation": 2}, (6, 13, 10)),
        ({"kernel": (1, 7)}, (6, 13, 10)),
        ({"kernel": 3, "stride": 2}, (6, 7, 5)),
        ({"kernel": 3, "padding": 0}, (6, 11, 8)),
        ({"kernel": 4, "stride": 3, "padding": (1, 0), "groups": 2, "bias": True}, (6, 4, 3)),
    ],
)
def test_convolutions_know_what_they_give(layers, options, shape):
    value = layers.conv("conv", layers.input("image", 4, 13, 10), 6, **options)
    assert value.shape == shape
    answer(layers, value, noise(4, 13, 10))


@pytest.mark.parametrize(
    ("options", "shape"),
    [((3, 2), (4, 6, 6)), ((2, 2), (4, 6, 7)), ((3, 2, 1), (4, 7, 7)), ((3, 1, 1), (4, 13, 14))],
)
@pytest.mark.parametrize("ceil", [False, True])
def test_pools_know_what_they_give(layers, options, shape, ceil):
    value = layers.max_pool("pool", layers.input("image", 4, 13, 14), *options, ceil=ceil)
    larger = {(3, 2): (4, 6, 7), (2, 2): (4, 7, 7), (3, 2, 1): (4, 7, 8)}
    assert value.shape == (larger.get(options, shape) if ceil else shape)
    answer(layers, value, noise(4, 13, 14))


def test_an_average_counts_the_zeros_of_the_padding(layers):
    value = layers.average_pool("pool", layers.input("image", 1, 3, 3), 3, 1, 1)
    got = answer(layers, value, np.ones((1, 3, 3), np.float32))[0]
    assert got[0, 0] == pytest.approx(4 / 9)
    assert got[1, 1] == pytest.approx(1)


def test_batch_normalisation_has_statistics_of_its_own(layers):
    image = noise(5, 8, 8)
    value = layers.batch_norm("bn", layers.input("image", 5, 8, 8), scale=0.5, epsilon=1e-3)
    got = answer(layers, value, image)
    arrays = {
        tensor.name: onnx.numpy_helper.to_array(tensor)[:, None, None]
        for tensor in layers.graph.finish().graph.initializer
    }
    centred = (image - arrays["bn.running_mean"]) / np.sqrt(arrays["bn.running_var"] + 1e-3)
    expected = centred * arrays["bn.weight"] + arrays["bn.bias"]
    assert got == pytest.approx(expected, abs=1e-5)
    assert all(len(np.unique(array)) == 5 for array in arrays.values())
    assert 0.3 < arrays["bn.weight"].min() < arrays["bn.weight"].max() < 0.7


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("relu", [0, 0, 1, 8]),
        ("relu6", [0, 0, 1, 6]),
        ("leaky_relu", [-0.4, -0.1, 1, 8]),
        ("hard_sigmoid", [0, 1 / 3, 2 / 3, 1]),
        ("hard_swish", [0, -1 / 3, 2 / 3, 8]),
        ("sigmoid", [0.017986, 0.268941, 0.731059, 0.999665]),
    ],
)
def test_activations(layers, kind, expected):
    value = layers.activate("act", layers.input("image", 4, 1, 1), kind)
    got = answer(layers, value, np.array([-4, -1, 1, 8], np.float32).reshape(4, 1, 1))
    assert got.ravel() == pytest.approx(expected, abs=1e-6)


def test_a_convolution_and_its_norm_are_named_after_both(layers):
    value = layers.conv_norm("stem", layers.input("image", 3, 4, 4), 2, activation="hard_swish")
    layers.output(layers.conv_norm("tail", value, 2, activation=None))
    names = [node.name for node in layers.graph.finish().graph.node]
    assert names == ["stem.conv", "stem.bn", "stem.hard_swish", "tail.conv", "tail.bn"]


def test_noise_keeps_its_size_through_rectified_convolutions(layers):
    value = layers.input("image", 16, 12, 12)
    for index in range(20):
        value = layers.activate(f"relu{index}", layers.conv(f"conv{index}", value, 64, 3), "relu")
    got = answer(layers, value, noise(16, 12, 12))
    assert 0.1 < np.sqrt(np.mean(got[:, 4:8, 4:8] ** 2)) < 3


def test_enlarges_by_interpolation(layers):
    value = layers.enlarge("resize", layers.input("image", 1, 1, 2), 2)
    got = answer(layers, value, np.array([[[0, 4]]], np.float32))
    assert got.tolist() == [[[0, 1, 3, 4], [0, 1, 3, 4]]]


def test_equal_numbers_are_one_constant(layers):
    assert layers.scalar(0.5) == layers.scalar(0.5) != layers.scalar(0.25)


def test_refuses_to_add_values_of_two_shapes(layers):
    first = layers.input("a", 3, 4, 4)
    with pytest.raises(ShapeError) as caught:
        layers.add("sum", first, layers.input("b", 3, 2, 4))
    assert caught.value.what == "a is 3×4×4, b is 3×2×4"
    assert caught.value.where == "graph test, node 'sum'"
    assert caught.value.fix == "add values of one shape"
