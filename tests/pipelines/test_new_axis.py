from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import PlanError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.new_axis import NewAxis

SOUND = Spec("audio", "float32", "S", (5,))


def test_the_last_axis_has_one_entry() -> None:
    value = NewAxis().apply(Value(np.arange(5.0), axes="S"), StepContext())
    assert value.axes == "SC"
    np.testing.assert_array_equal(value.data, np.arange(5.0)[:, None])
    assert NewAxis().infer(SOUND) == Spec("audio", "float32", "SC", (5, 1))


def test_or_the_first() -> None:
    step = NewAxis(axis="D", place="first")
    value = step.apply(Value(np.arange(5.0), axes="S"), StepContext())
    assert (value.axes, value.data.shape) == ("DS", (1, 5))
    assert step.infer(SOUND) == Spec("audio", "float32", "DS", (1, 5))


@pytest.mark.parametrize(
    ("axis", "what"),
    [
        ("S", "there is an axis S already, got audio float32[5] S"),
        ("N", "N is the batch, which is added later"),
    ],
)
def test_refuses_an_axis_that_is_taken(axis: str, what: str) -> None:
    with pytest.raises(PlanError) as refusal:
        NewAxis(axis=axis).infer(SOUND)
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        what,
        "step new_axis",
        "choose another letter",
    )
