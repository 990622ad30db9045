from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from dlscope.core.errors import MeasurementError
from dlscope.devices.prediction_error import PredictionError, spearman

NUMBERS = st.lists(st.integers(1, 6).map(float), min_size=2, max_size=12)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_ranks_correlate_as_another_implementation_has_it(left: list[float], random) -> None:
    right = [float(random.randint(1, 6)) for _ in left]
    if len(set(left)) == 1 or len(set(right)) == 1:
        assert math.isnan(spearman(left, right))
    else:
        assert spearman(left, right) == pytest.approx(spearmanr(left, right).statistic)


@given(NUMBERS)
def test_what_is_right_has_no_error(values: list[float]) -> None:
    error = PredictionError.of(values, values)
    assert (error.mape, error.worst, error.n) == (0, 0, len(values))


def test_errors_are_relative_to_what_is_real() -> None:
    error = PredictionError.of([2.0, 3.0, 3.0], [1.0, 4.0, 3.0])
    assert error.mape == pytest.approx(1.25 / 3)
    assert (error.worst, error.spearman) == (1.0, pytest.approx(math.sqrt(0.75)))


@pytest.mark.parametrize(("predicted", "real"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0])])
def test_refuses_what_cannot_be_compared(predicted, real) -> None:
    with pytest.raises(MeasurementError) as refusal:
        PredictionError.of(predicted, real)
    assert str(refusal.value) == (
        "MeasurementError: predictions cannot be compared\n"
        f"  where  {len(predicted)} predictions for {len(real)} values\n"
        "  fix    give as many of each, at least one, and values above 0"
    )
