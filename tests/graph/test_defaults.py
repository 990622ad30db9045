from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from dlscope.graph.defaults import canonical_attributes, same_pads
from dlscope.graph.read import read_graph


def attributes_of(operator, inputs, outputs, opset=17, **attributes):
    names = [f"i{index}" for index in range(len(inputs))]
    node = helper.make_node(operator, names, ["o"], **attributes)
    return canonical_attributes(node, inputs, outputs, opset)


def test_a_convolution_says_everything():
    found = attributes_of("Conv", [(1, 4, 9, 9), (8, 2, 3, 5)], [(1, 8, 7, 5)], group=2)
    assert found == {
        "auto_pad": "NOTSET",
        "dilations": (1, 1),
        "group": 2,
        "kernel_shape": (3, 5),
        "pads": (0, 0, 0, 0),
        "strides": (1, 1),
    }
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("auto", "size", "kernel", "stride", "dilation", "pads"),
    [
        ("SAME_UPPER", 224, 3, 2, 1, (0, 1)),
        ("SAME_LOWER", 224, 3, 2, 1, (1, 0)),
        ("SAME_UPPER", 15, 5, 2, 1, (2, 2)),
        ("SAME_UPPER", 10, 3, 1, 2, (2, 2)),
        ("SAME_UPPER", 8, 1, 2, 1, (0, 0)),
        ("VALID", 10, 3, 1, 1, (0, 0)),
    ],
)
def test_automatic_padding_becomes_explicit(model_of, auto, size, kernel, stride, dilation, pads):
    """With the pads written out, ONNX finds the same output."""
    shared = {"strides": [stride], "dilations": [dilation]}
    weight = {"w": np.ones((1, 1, kernel), np.float32)}

    def convolution(**attributes):
        node = helper.make_node("Conv", ["x", "w"], ["y"], **shared, **attributes)
        model = model_of([node], {"x": f"float32[1,1,{size}]"}, {"y": "float32[a,b,c]"}, weight)
        return read_graph(model).layers[0]

    layer = convolution(auto_pad=auto)
    assert layer.attributes["pads"] == pads
    assert layer.attributes["auto_pad"] == "NOTSET"
    assert convolution(pads=pads).outputs[0].shape == layer.outputs[0].shape


def test_pads_of_all_axes_before_come_first():
    shapes = [(1, 1, 224, 7), (1, 1, 3, 3)], [(1, 1, 112, 4)]
    found = attributes_of("Conv", *shapes, strides=[2, 2], auto_pad="SAME_UPPER")
    assert found["pads"] == (0, 1, 1, 1)


def test_same_padding_is_never_negative():
    assert same_pads(8, 1, 2, 1) == 0


@pytest.mark.parametrize(
    ("attributes", "pads"),
    [
        ({"auto_pad": "SAME_UPPER"}, (0, 1)),
        ({"auto_pad": "SAME_LOWER"}, (1, 0)),
        ({"output_shape": [10]}, (1, 0)),
        ({"output_shape": [10], "auto_pad": "SAME_UPPER"}, (0, 1)),
        ({}, (0, 0)),
    ],
)
def test_a_transposed_convolution_cuts_off_what_its_output_has_less(model_of, attributes, pads):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2], **attributes)
    weight = {"w": np.ones((1, 1, 3), np.float32)}
    model = model_of([node], {"x": "float32[1,1,5]"}, {"y": "float32[a,b,c]"}, weight)
    layer = read_graph(model).layers[0]
    assert layer.attributes["pads"] == pads
    assert layer.outputs[0].shape == (1, 1, 11 - sum(pads))


def test_a_pool_keeps_what_it_says_and_gets_the_rest():
    found = attributes_of(
        "MaxPool", [(1, 3, 8, 8)], [(1, 3, 4, 4)], kernel_shape=[2, 2], strides=[2, 2]
    )
    assert found == {
        "auto_pad": "NOTSET",
        "ceil_mode": 0,
        "dilations": (1, 1),
        "kernel_shape": (2, 2),
        "pads": (0, 0, 0, 0),
        "storage_order": 0,
        "strides": (2, 2),
    }


def test_defaults_are_those_of_the_version():
    shapes = [(2, 3)], [(2, 3)]
    assert attributes_of("Softmax", *shapes, opset=11) == {"axis": 1}
    assert attributes_of("Softmax", *shapes, opset=13) == {"axis": -1}


def test_a_permutation_is_written_out():
    assert attributes_of("Transpose", [(2, 3, 4)], [(4, 3, 2)]) == {"perm": (2, 1, 0)}
    assert attributes_of("Transpose", [(2, 3)], [(2, 3)], perm=[0, 1]) == {"perm": (0, 1)}


def test_a_recurrent_layer_says_its_size_and_activations():
    shapes = [(7, 1, 5), (2, 32, 5), (2, 32, 8)], [(7, 2, 1, 8)]
    found = attributes_of("LSTM", *shapes, direction="bidirectional")
    assert found["hidden_size"] == 8
    assert found["activations"] == ("Sigmoid", "Tanh", "Tanh") * 2
    assert (found["direction"], found["layout"]) == ("bidirectional", 0)


def test_an_unknown_operator_keeps_its_attributes():
    tensor = helper.make_tensor("t", onnx.TensorProto.INT64, (), [3])
    node = helper.make_node(
        "Thing", ["x"], ["y"], domain="com.example", mode="fast", rates=[1.0, 0.5], value=tensor
    )
    found = canonical_attributes(node, [(1,)], [(1,)], 1)
    assert (found["mode"], found["rates"]) == ("fast", (1.0, 0.5))
    assert (found["value"].shape, int(found["value"])) == ((), 3)
