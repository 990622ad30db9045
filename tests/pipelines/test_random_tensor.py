from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.random_tensor import RandomTensor


def drawn(**parameters: Any) -> Any:
    return RandomTensor(**parameters).apply(Value("anything"), StepContext()).data


def test_the_numbers_of_a_seed_never_change() -> None:
    floats = drawn(shape=(3,), axes="D", dtype="float64")
    assert floats.tolist() == pytest.approx([0.636962, 0.269787, 0.040974], abs=1e-6)
    assert drawn(shape=(8,), axes="D", dtype="int64", high=9).tolist() == [6, 2, 0, 0, 8, 9, 6, 7]


def test_another_seed_gives_other_numbers() -> None:
    assert not np.array_equal(
        drawn(shape=(4, 5), axes="LD", seed=0), drawn(shape=(4, 5), axes="LD", seed=1)
    )


def test_fills_its_range_evenly() -> None:
    floats = drawn(shape=(10_000,), axes="D", low=-2, high=6)
    assert floats.mean() == pytest.approx(2, abs=0.1)
    assert floats.std() == pytest.approx(8 / np.sqrt(12), abs=0.05)
    numbers, counts = np.unique(
        drawn(shape=(9_000,), axes="D", dtype="int32", low=-1), return_counts=True
    )
    assert numbers.tolist() == [-1, 0, 1]
    assert counts.min() > 2_800


def test_without_a_range_integers_and_booleans_choose_from_two() -> None:
    assert set(drawn(shape=(64,), axes="D", dtype="int64").tolist()) == {0, 1}
    assert set(drawn(shape=(64,), axes="D", dtype="bool").tolist()) == {False, True}


def test_a_scalar_has_no_axes() -> None:
    value = drawn(dtype="int64", low=3, high=3)
    assert value.shape == ()
    assert int(value) == 3


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_ends_that_no_float_holds_are_those_of_the_nearest(dtype: str) -> None:
    step = RandomTensor(shape=(1,), axes="D", dtype=dtype, low=0.1, high=0.1)
    (value,) = step.apply(Value(""), StepContext()).data
    assert step.infer(Spec("text")).lo == float(value) == float(np.dtype(dtype).type(0.1))


def test_the_whole_range_of_a_type_can_be_drawn() -> None:
    largest = float(np.finfo(np.float64).max)
    floats = drawn(shape=(100,), axes="D", dtype="float64", low=-largest, high=largest)
    assert np.isfinite(floats).all()
    assert {-128, 127} < set(drawn(shape=(9999,), axes="D", dtype="int8", low=-128, high=127))


@pytest.mark.parametrize(
    ("parameters", "what", "fix"),
    [
        (
            {"shape": (2, 3), "axes": "L"},
            "axes 'L' do not name the 2 sizes of shape",
            "give one letter for each size",
        ),
        ({"low": 2}, "low 2 is above high 1", "swap them"),
        (
            {"dtype": "uint8", "high": 300},
            "0 … 300 is not within uint8",
            "stay within 0 … 255",
        ),
        ({"dtype": "bool", "high": 2}, "0 … 2 is not within bool", "stay within 0 … 1"),
        (
            {"dtype": "int64", "high": 0.5},
            "int64 is drawn from whole numbers, not from 0 … 0.5",
            "give whole numbers, or a dtype of floats",
        ),
    ],
)
def test_refuses_parameters_that_contradict(
    parameters: dict[str, Any], what: str, fix: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        RandomTensor(**parameters)
    assert caught.value.errors()[0]["ctx"] == {"what": what, "fix": fix}
