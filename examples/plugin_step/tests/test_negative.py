import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.errors import PlanError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.testing.steps import StepSample, StepSuite

PIXELS = np.array([0, 1, 2, 253, 254, 255], np.uint8).reshape(1, 2, 3)
NEGATIVE = registry.load("steps", "negative")()


class TestNegative(StepSuite):
    samples = (
        StepSample(
            NEGATIVE,
            Spec("image", "uint8", "HWC", (1, 2, 3), color="RGB"),
            Value(PIXELS, "HWC", color="RGB"),
            refused=Spec("image", "float32", "HWC", (1, 2, 3), color="RGB"),
        ),
    )


def test_black_becomes_white() -> None:
    result = NEGATIVE.apply(Value(PIXELS, "HWC"), StepContext())
    assert result.data.ravel().tolist() == [255, 254, 253, 2, 1, 0]


def test_refuses_numbers_that_are_no_bytes() -> None:
    with pytest.raises(PlanError) as refusal:
        NEGATIVE.infer(Spec("tensor", "float32", "HWC", (1, 2, 3)))
    assert str(refusal.value) == (
        "PlanError: negative takes bytes, got tensor float32[1, 2, 3] HWC\n"
        "  where  step negative\n"
        "  fix    put it before the cast"
    )
