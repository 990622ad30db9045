from __future__ import annotations

import onnx

from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.blocks import Layers
from dlscope.zoo.parameters import Outlined
from dlscope.zoo.residual import Convolution, bottleneck, residual_block


def written(*branches):
    """The node names of a graph of blocks of these branches, and the shape that they end in."""
    layers = Layers(GraphBuilder("test"), Outlined())
    value = layers.input("image", 8, 6, 6)
    for index, branch in enumerate(branches):
        value = residual_block(layers, f"block{index}", value, branch)
    layers.output(value)
    return {node.name: node for node in layers.graph.finish().graph.node}, value.shape


def test_adds_its_input_as_it_is_where_the_shape_stays():
    nodes, shape = written((Convolution(8, 3), Convolution(8, 3)))
    assert shape == (8, 6, 6)
    assert list(nodes["block0.add"].input) == ["block0.bn2", "image"]


def test_projects_its_input_where_the_shape_changes():
    nodes, shape = written(bottleneck(4, 16, (1, 2)))
    assert shape == (16, 3, 3)
    assert list(nodes["block0.add"].input) == ["block0.bn3", "block0.downsample.1"]
    projection = nodes["block0.downsample.0"]
    assert onnx.helper.get_node_attr_value(projection, "strides") == [2, 2]


def test_a_bottleneck_has_its_groups_in_the_middle():
    nodes, _ = written(bottleneck(4, 8, (1, 1), groups=2))
    groups = [
        onnx.helper.get_node_attr_value(nodes[f"block0.conv{number}"], "group")
        for number in (1, 2, 3)
    ]
    assert groups == [1, 2, 1]


def test_an_excitation_follows_the_convolution_that_asks_for_it():
    nodes, _ = written(bottleneck(4, 8, (1, 1), excited=2))
    assert nodes["block0.se.scale"].input[0] == "block0.relu2"
    assert nodes["block0.conv3"].input[0] == "block0.se.scale"
    assert nodes["block0.se.sigmoid"].op_type == "Sigmoid"


def test_only_the_last_convolution_has_no_activation_of_its_own():
    nodes, _ = written(bottleneck(4, 8, (1, 1)))
    kinds = [node.op_type for node in nodes.values()]
    assert kinds == [
        *("Conv", "BatchNormalization", "Relu"),
        *("Conv", "BatchNormalization", "Relu"),
        *("Conv", "BatchNormalization", "Add", "Relu"),
    ]
