import numpy as np
import pytest

from dlscope.core import registry
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.testing.steps import StepSample, StepSuite

POSTERIZE = registry.load("steps", "posterize")
PIXELS = np.array([0, 31, 32, 254, 255, 100], np.uint8).reshape(1, 2, 3)


class TestPosterize(StepSuite):
    samples = (
        StepSample(
            POSTERIZE(bits=3),
            Spec("image", "uint8", "HWC", (1, 2, 3), color="RGB"),
            Value(PIXELS, "HWC", color="RGB"),
            refused=Spec("image", "float32", "HWC", (1, 2, 3), color="RGB"),
        ),
    )


@pytest.mark.parametrize(
    ("bits", "levels"), [(1, [0, 0, 0, 128, 128, 0]), (8, [0, 31, 32, 254, 255, 100])]
)
def test_keeps_the_highest_bits(bits: int, levels: list[int]) -> None:
    result = POSTERIZE(bits=bits).apply(Value(PIXELS, "HWC"), StepContext())
    assert result.data.ravel().tolist() == levels
