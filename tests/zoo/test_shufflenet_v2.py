from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers
from dlscope.zoo.parameters import Outlined
from dlscope.zoo.shufflenet_v2 import SHUFFLENET_V2, _shuffled, build


@pytest.mark.parametrize(
    ("width", "parameters", "macs"),
    [
        ("0.5", 1_366_792, 40_476_448),
        ("1.0", 2_278_604, 144_907_992),
        ("1.5", 3_503_624, 295_759_392),
        ("2.0", 7_393_996, 583_253_464),
    ],
)
def test_has_the_published_size(sizes, width, parameters, macs):
    assert sizes(SHUFFLENET_V2, width=width) == (parameters, macs)


def test_the_usual_width_is_1():
    usual = onnx.load_from_string(build(None, {"seed": "0"}))
    assert usual == onnx.load_from_string(build(None, {"width": "1.0", "seed": "0"}))


def test_shuffles_two_halves_like_cards():
    layers = Layers(GraphBuilder("cards"), Outlined())
    left, right = layers.input("left", 3, 1, 1), layers.input("right", 3, 1, 1)
    layers.output(_shuffled(layers, "cards", left, right))
    session = onnxruntime.InferenceSession(serialize(layers.graph.finish()))
    halves = {
        name: np.array(channels, np.float32).reshape(1, 3, 1, 1)
        for name, channels in (("left", [1, 2, 3]), ("right", [4, 5, 6]))
    }
    assert session.run(None, halves)[0].ravel().tolist() == [1, 4, 2, 5, 3, 6]


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
