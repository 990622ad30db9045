from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from single_layers import IMAGE, LAYERS, layer, zeros

from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementations.nchwc import (
    block_channels,
    blocked_model,
    why_not_blocked,
)
from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of

POOL = {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}


def run(model, brick):
    (found,) = session_of(model, UNCHANGED).run(None, brick_feeds(brick))
    return found


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("MaxPool", POOL),
        ("MaxPool", {**POOL, "ceil_mode": 1}),
        ("AveragePool", POOL),
        ("AveragePool", {**POOL, "count_include_pad": 1}),
        ("GlobalAveragePool", {}),
        ("GlobalMaxPool", {}),
        ("LeakyRelu", {"alpha": 0.2}),
        ("HardSwish", {}),
        ("Neg", {}),
    ],
)
@given(quarters=st.integers(1, 9))
def test_in_blocks_the_same_is_computed(operator, attributes, quarters) -> None:
    brick = layer(operator, [zeros(2, 4 * quarters, 7, 6)], **attributes)
    assert why_not_blocked(brick) is None
    found = run(blocked_model(brick), brick)
    np.testing.assert_allclose(found, run(brick_model(brick), brick), rtol=1e-5, atol=1e-6)


def test_a_sum_of_a_tensor_with_itself_takes_one_input() -> None:
    brick = layer("Mul", [IMAGE, IMAGE])
    np.testing.assert_array_equal(run(blocked_model(brick), brick), run(brick_model(brick), brick))


def test_a_block_is_as_long_as_a_vector_of_the_processor() -> None:
    assert block_channels() in (8, 16)


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (LAYERS["gemm"], "ONNX Runtime has no blocked Gemm"),
        (LAYERS["add of weights"], "its operands do not have one shape"),
        (layer("Add", [IMAGE, zeros(1, 32, 1, 8)]), "its operands do not have one shape"),
        (layer("Relu", [zeros(2, 32)]), "only float32 tensors of four axes are put into blocks"),
        (
            layer("Neg", [zeros(1, 32, 2, 2, dtype="float64")]),
            "only float32 tensors of four axes are put into blocks",
        ),
        (layer("Relu", [zeros(1, 6, 2, 2)]), "the channels are not a multiple of 4"),
    ],
)
def test_says_what_cannot_be_put_into_blocks(brick, reason) -> None:
    assert why_not_blocked(brick) == reason
