from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from single_layers import IMAGE, LAYERS, RESIDUAL, chain, layer, zeros

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations.ort import Ort

NO_BFLOAT16 = Unsupported(
    "ONNX Runtime has no bfloat16 kernels for the CPU", Configuration(dtype="bfloat16")
)


def test_one_layer_is_computed_as_it_is() -> None:
    assert Ort().configurations(LAYERS["dense"]) == [Configuration(), NO_BFLOAT16]


def test_several_layers_are_computed_one_by_one_and_fused() -> None:
    ways = Ort().configurations(RESIDUAL)
    assert ways == [Configuration(), Configuration("fused"), NO_BFLOAT16]


def test_a_layer_that_holds_others_is_also_optimised_inside() -> None:
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (3,))
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(operator, ["x"], ["y"])], name, [], [y]
        )
        for name, operator in (("then", "Abs"), ("else", "Neg"))
    }
    nodes = [
        ("ReduceSum", ["x"], ["sum"], {"keepdims": 0}),
        ("Greater", ["sum", "zero"], ["is_positive"], {}),
        ("If", ["is_positive"], ["y"], branches),
    ]
    brick = chain(nodes, {"x": zeros(3)}, {"zero": np.float32(0)})
    assert [layer.has_bodies for layer in brick.layers] == [False, False, True]
    chosen = chain(nodes[2:], {"is_positive": zeros(dtype="bool"), "x": zeros(3)}, {})
    ways = [way for way in Ort().configurations(chosen) if isinstance(way, Configuration)]
    assert [way.algorithm for way in ways] == ["", "fused"]
    plain, fused = (Ort().build(chosen, way) for way in ways)
    np.testing.assert_array_equal(plain.outputs(), fused.outputs())


def test_a_brick_of_another_type_is_computed_in_that_type() -> None:
    doubles = layer("Add", [zeros(3, dtype="float64")] * 2)
    assert Ort().configurations(doubles) == [Configuration(dtype="float64")]


def test_it_is_told_how_many_kernels_are_left_of_several_layers() -> None:
    nodes = [("Conv", ["x", "w"], ["c"], {"pads": [1] * 4}), ("Relu", ["c"], ["y"], {})]
    activated = chain(nodes, {"x": IMAGE}, {"w": zeros(32, 32, 3, 3)})
    told = {
        way.algorithm: Ort().build(activated, way).notes
        for way in Ort().configurations(activated)
        if isinstance(way, Configuration)
    }
    assert told[""] == {"kernel": "ai.onnx.Conv, ai.onnx.Relu", "kernels": "2"}
    assert told["fused"] == {"kernel": "com.microsoft.FusedConv", "kernels": "1"}
