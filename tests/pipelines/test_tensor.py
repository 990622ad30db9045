from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlscope.core.errors import DataError, PlanError
from dlscope.pipelines.arithmetic import Cast, Dequantize, Normalize, Quantize, Rescale
from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.tensor import Constant, Flip, Pad, Tile, Transpose

CONTEXT = StepContext()


def applied(step: Step, array: Any, axes: str = "S", **fields: Any) -> Any:
    return step.apply(Value(np.asarray(array), axes=axes, **fields), CONTEXT).data


@pytest.mark.parametrize(
    ("step", "numbers", "expected"),
    [
        (Cast(to="uint8", rounding="nearest"), [0.5, 1.5, 2.6, -3, 300], [0, 2, 3, 0, 255]),
        (Cast(to="int8", rounding="truncate"), [0.9, -1.9, 200, -200], [0, -1, 127, -128]),
        (Cast(to="uint8", rounding="truncate", saturate=False), [300.0, -1.0], [44, 255]),
        (Cast(to="int64", rounding="nearest"), [1e30, -1e30], [2**63 - 1, -(2**63)]),
        (Cast(to="int8"), [100, 200, -200], [100, 127, -128]),
        (Cast(to="bool"), [0, 2], [False, True]),
        (Quantize(scale=0.5, zero_point=10), [0.0, 0.75, -9.0, 1e9], [10, 12, 0, 255]),
        (Dequantize(scale=0.5, zero_point=10), [10, 12, 0], [0.0, 1.0, -5.0]),
        (Rescale(factor=0.5), np.float32([1, 3]), [0.5, 1.5]),
        (Normalize(mean=1, scale=2, order="divide_then_subtract"), np.float32([4]), [1.0]),
    ],
)
def test_numbers(step: Step, numbers: Any, expected: list[Any]) -> None:
    assert applied(step, numbers).tolist() == expected


def test_normalizes_each_channel_wherever_it_stands() -> None:
    step = Normalize(mean=(1, 2), scale=(1, 10))
    last = applied(step, np.full((2, 3, 2), 12, np.float32), "HWC")
    first = applied(step, np.full((2, 2, 3), 12, np.float32), "CHW")
    assert last[0, 0].tolist() == [11, 1]
    assert first[:, 0, 0].tolist() == [11, 1]
    assert last.dtype == np.float32


def test_byte_arithmetic_wraps_around_and_drops_the_remainder() -> None:
    step = Normalize(mean=127, scale=100, arithmetic="uint8")
    result = applied(step, np.array([126, 127, 227, 255], dtype=np.uint8))
    assert result.tolist() == [2.0, 0.0, 1.0, 1.0]
    assert result.dtype == np.float32


def test_reinterpreting_keeps_the_bytes_and_transposing_moves_them() -> None:
    array = np.arange(24).reshape(2, 4, 3)
    moved = applied(Transpose(to="NCHW"), array, "HWC")
    kept = applied(Transpose(to="NCHW", reinterpret=True), array, "HWC")
    assert np.array_equal(moved, array.transpose(2, 0, 1))
    assert np.array_equal(kept, array.reshape(3, 2, 4))
    assert moved.flags.c_contiguous


def test_pads_at_the_end_and_cuts_only_when_told() -> None:
    assert applied(Pad(size={"S": 4}, value=7), [1, 2]).tolist() == [1, 2, 7, 7]
    assert applied(Pad(size={"S": 2}, truncate=True), [1, 2, 3]).tolist() == [1, 2]
    with pytest.raises(DataError) as caught:
        applied(Pad(size={"S": 2}), [1, 2, 3])
    assert str(caught.value) == (
        "DataError: axis S has 3 entries, more than the 2 to pad to\n"
        "  where  step pad\n"
        "  fix    give a larger size, or set truncate: true"
    )
    with pytest.raises(PlanError, match="axis S has 3 entries"):
        Pad(size={"S": 2}).infer(Spec("tensor", "int64", "S", (3,)))


def test_flipping_twice_is_nothing_and_boxes_still_map_back() -> None:
    value = Value(np.arange(12).reshape(3, 4), axes="HW", scale=(2.0, 1.0), offset=(5.0, 0.0))
    once = Flip(axis="W").apply(value, CONTEXT)
    assert once.data[0].tolist() == [3, 2, 1, 0]
    # The left end of the flipped picture is the right end of the first: 4 · 2 + 5.
    assert once.offset[0] == 13.0
    twice = Flip(axis="W").apply(once, CONTEXT)
    assert np.array_equal(twice.data, value.data)
    assert (twice.scale, twice.offset) == (value.scale, value.offset)


def test_one_gray_channel_becomes_three() -> None:
    gray = Value(np.ones((2, 2, 1), np.uint8), axes="HWC", color="GRAY")
    value = Tile(axis="C", count=3).apply(gray, CONTEXT)
    assert value.data.shape == (2, 2, 3)
    assert value.color == "RGB"


def test_a_constant_ignores_what_comes_in() -> None:
    value = Constant(value=16000, dtype="int64").apply(Value("anything"), CONTEXT)
    assert value.data.shape == ()
    assert value.data.dtype == np.int64
    assert int(value.data) == 16000


@pytest.mark.parametrize(
    ("step", "options", "what"),
    [
        (Constant, {"shape": [2, 3], "axes": "L"}, "axes 'L' do not name the 2 sizes of shape"),
        (Quantize, {"scale": 1, "zero_point": 300}, "zero_point 300 is outside uint8"),
        (
            Normalize,
            {"mean": -1, "arithmetic": "uint8"},
            "arithmetic uint8 needs mean in 0 … 255 and scale in 1 … 255",
        ),
    ],
)
def test_refuses_parameters_that_contradict(step: Any, options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        step.model_validate(options)
    assert caught.value.errors()[0]["msg"] == what
