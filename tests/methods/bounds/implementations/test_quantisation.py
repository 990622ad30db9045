from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from single_layers import LAYERS, RESIDUAL, layer, zeros

from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of
from dlscope.methods.bounds.implementations.quantisation import (
    OPERATORS,
    Quantised,
    Scale,
    why_not_quantised,
)
from dlscope.methods.bounds.implementations.reference import Reference, relative_error

WEIGHTS = arrays(np.float32, (3, 4), elements=st.floats(-50, 50, width=32))


@given(WEIGHTS)
def test_unsigned_levels_are_half_a_step_off_at_most_and_hold_zero_exactly(values) -> None:
    scale = Scale.unsigned(values)
    levels = scale.quantised(values)
    assert levels.dtype == np.uint8
    # The zero point is rounded, too: at the ends that can be another half.
    assert np.abs(scale.restored(levels) - values).max() <= 1.001 * float(scale.step)
    assert scale.restored(scale.quantised(np.zeros(1)))[0] == 0


@given(WEIGHTS, st.booleans())
def test_signed_levels_are_around_zero_and_use_their_range(values, by_slice) -> None:
    scale = Scale.signed(values, by_slice=by_slice)
    levels = scale.quantised(values)
    assert levels.dtype == np.int8
    assert levels.min() >= -127
    step = np.reshape(scale.step, (-1, 1))
    assert (np.abs(levels * step - values) <= 0.501 * step).all()
    rows = levels if by_slice else levels.reshape(1, -1)
    assert all(np.abs(row).max() == 127 for row, each in zip(rows, step, strict=True) if each != 1)


def test_a_tensor_without_elements_has_a_step() -> None:
    assert Scale.unsigned(np.zeros((0, 3), np.float32)).step == 1


@pytest.mark.parametrize(
    "kind", ["dense", "depthwise", "gemm", "matmul by weights", "batched matmul", "add", "max pool"]
)
def test_between_integers_the_operator_gives_nearly_the_same(kind) -> None:
    brick = LAYERS[kind]
    expected = Reference(brick).outputs
    quantised = Quantised.of(brick, expected)
    session = session_of(quantised.model, UNCHANGED)
    found = quantised.restored(session.run(None, dict(quantised.feeds)))
    assert relative_error(found, expected) < 0.03


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (RESIDUAL, "only single operators of ONNX are quantised"),
        (LAYERS["softmax"], "Softmax is not quantised"),
        (layer("Add", [zeros(2, dtype="int64")] * 2), "only float32 tensors are quantised"),
        (LAYERS["dense"], None),
    ],
)
def test_says_what_has_no_form_in_integers(brick, reason) -> None:
    assert why_not_quantised(brick) == reason


def test_every_operator_listed_is_one_of_onnx() -> None:
    assert all(onnx.defs.has(operator) for operator in OPERATORS)
