from __future__ import annotations

import onnx

from dlscope.zoo.architecture import outline
from dlscope.zoo.deeplab import DEEPLAB, build
from dlscope.zoo.mobilenet_v2 import MOBILENET_V2


def test_is_mobilenet_v2_with_a_pyramid_in_place_of_its_head(sizes):
    """1×1 convolutions from 320 channels to 256 twice, from 512 to 256, and from 256 to 21."""
    backbone = sizes(MOBILENET_V2)[0] - (320 * 1280 + 2 * 1280) - (1280 * 1000 + 1000)
    norms = 3 * 2 * 256
    pyramid = 2 * 320 * 256 + 512 * 256 + norms
    parameters = backbone + pyramid + 256 * 21 + 21
    assert sizes(DEEPLAB) == (parameters, 498_480_128)
    assert parameters == 2_113_557


def test_features_are_a_sixteenth_of_the_image():
    """From the second block of 160 channels on, filters have gaps in place of a stride before."""
    graph = outline(DEEPLAB, {}).model.graph
    (resized,) = (node for node in graph.node if node.name == "logits")
    scales = next(tensor for tensor in graph.initializer if tensor.name == resized.input[2])
    assert onnx.numpy_helper.to_array(scales).tolist() == [1, 1, 16, 16]
    dilated = [
        node.name
        for node in graph.node
        for each in node.attribute
        if each.name == "dilations" and list(each.ints) == [2, 2]
    ]
    assert dilated == [f"blocks.{index}.depthwise.conv" for index in (14, 15, 16)]


def test_answers_with_a_number_for_each_class_and_pixel(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 21, 224, 224)
