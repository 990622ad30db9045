from __future__ import annotations

import numpy as np
import pytest
from single_layers import CONVOLUTIONS, IMAGE, LAYERS, RESIDUAL, chain, layer, zeros

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations.ort_blocked import OrtBlocked
from dlscope.methods.bounds.implementations.reference import Reference

BLOCKED = Configuration(layout="blocked")


@pytest.mark.parametrize("kind", [each for each in CONVOLUTIONS if each != "first"])
def test_a_convolution_takes_and_gives_blocks_and_nothing_else_is_timed(kind) -> None:
    brick = CONVOLUTIONS[kind]
    assert OrtBlocked().configurations(brick) == [BLOCKED]
    runnable = OrtBlocked().build(brick, BLOCKED)
    assert runnable.notes["kernel"] == "com.microsoft.nchwc.Conv"
    assert Reference(brick).checked(runnable) < 1e-5


def test_the_first_convolution_takes_a_plain_image() -> None:
    (way,) = OrtBlocked().configurations(CONVOLUTIONS["first"])
    assert way == Configuration(layout="plain>blocked")


def test_layers_that_follow_a_convolution_are_fused_with_it() -> None:
    runnable = OrtBlocked().build(RESIDUAL, BLOCKED)
    assert runnable.notes["kernel"] == "com.microsoft.nchwc.Conv"
    assert Reference(RESIDUAL).checked(runnable) < 1e-5


def test_a_sum_is_fused_whichever_of_its_operands_comes_first() -> None:
    nodes = [("Conv", ["x", "w"], ["c"], {}), ("Add", ["r", "c"], ["y"], {})]
    brick = chain(nodes, {"x": IMAGE, "r": IMAGE}, {"w": zeros(32, 32, 1, 1)})
    runnable = OrtBlocked().build(brick, BLOCKED)
    assert runnable.notes["kernel"] == "com.microsoft.nchwc.Conv"
    assert Reference(brick).checked(runnable) < 1e-5


def test_blocks_are_joined_as_they_are() -> None:
    runnable = OrtBlocked().build(LAYERS["concat"], BLOCKED)
    assert runnable.notes["kernel"] == "ai.onnx.Concat"
    assert Reference(LAYERS["concat"]).checked(runnable) == 0


@pytest.mark.parametrize(
    ("operator", "inputs", "kernel"),
    [
        ("Relu", ["x"], "ai.onnx.Relu"),
        ("Mul", ["x", "s"], "ai.onnx.Mul"),
        ("BatchNormalization", ["x", "t", "t", "t", "t"], "ai.onnx.BatchNormalization"),
        ("Pad", ["x", "p"], "com.microsoft.nchwc.Conv"),
    ],
)
def test_what_stands_in_front_is_not_hidden_in_what_is_not_timed(operator, inputs, kernel) -> None:
    nodes = [(operator, inputs, ["a"], {}), ("Conv", ["a", "w"], ["y"], {})]
    constants = {"s": zeros(1, 32, 1, 1), "t": zeros(32), "p": np.array([0, 0, 1, 1] * 2)}
    held = {"w": zeros(32, 32, 3, 3)} | {each: constants[each] for each in {*inputs} - {"x"}}
    brick = chain(nodes, {"x": IMAGE}, held)
    runnable = OrtBlocked().build(brick, BLOCKED)
    assert kernel in runnable.notes["kernel"].split(", ")
    assert Reference(brick).checked(runnable) < 1e-5
    # Of the whole brick: as many elements as there are come out of what is timed.
    (core,) = runnable._core.outputs()
    assert core.size == brick.tensors[brick.outputs[0]].elements


def test_a_pool_is_computed_in_blocks() -> None:
    runnable = OrtBlocked().build(LAYERS["max pool"], BLOCKED)
    assert runnable.notes["kernel"] == "com.microsoft.nchwc.MaxPool"


def test_says_what_stays_plain() -> None:
    narrow = layer("Conv", [zeros(1, 30, 4, 4)], [zeros(40, 30, 1, 1)])
    found = [OrtBlocked().configurations(each) for each in (LAYERS["gemm"], narrow)]
    assert found == [
        [Unsupported("ONNX Runtime has no blocked Gemm", BLOCKED)],
        [Unsupported("ONNX Runtime has no blocked Conv", BLOCKED)],
    ]
