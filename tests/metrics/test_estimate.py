from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.metrics.estimate import average, exact, ratio, resamples, share


def test_a_share_has_the_interval_of_wilson() -> None:
    metric = share("top_1", 18, 20)
    assert (metric.value, metric.count, metric.n) == (0.9, 18, 20)
    assert (metric.lo, metric.hi) == (
        pytest.approx(0.699, abs=5e-4),
        pytest.approx(0.972, abs=5e-4),
    )


def test_an_average_lies_in_its_interval() -> None:
    metric = average("f1", [0.0, 0.5, 1.0, 1.0], unit="u")
    assert metric.lo < metric.value == 0.625 < metric.hi
    assert (metric.n, metric.unit) == (4, "u")


def test_an_infinite_average_has_no_interval() -> None:
    assert average("psnr", [30.0, math.inf], unit="dB") == exact("psnr", math.inf, 2, unit="dB")


def test_a_ratio_weighs_items_by_what_they_hold() -> None:
    metric = ratio("wer", [1, 0], [1, 9])
    assert (metric.value, metric.n, metric.count) == (0.1, 10, None)
    # Both items are drawn equally often, so their ratio swings from 0 to 1.
    assert (metric.lo, metric.hi) == (0.0, 1.0)


def test_the_interval_of_a_ratio_is_that_of_a_long_bootstrap() -> None:
    generator = np.random.default_rng(7)
    wholes = generator.integers(1, 30, 60)
    parts = generator.binomial(wholes, 0.2)
    metric = ratio("wer", parts, wholes)
    draws = generator.integers(0, 60, size=(20_000, 60))
    lo, hi = np.quantile(parts[draws].sum(axis=1) / wholes[draws].sum(axis=1), [0.025, 0.975])
    assert (metric.lo, metric.hi) == (pytest.approx(lo, abs=0.008), pytest.approx(hi, abs=0.008))


def test_items_without_anything_to_divide_by_do_not_spoil_a_ratio() -> None:
    metric = ratio("wer", [0, 1], [0, 2])
    assert (metric.value, metric.lo, metric.hi) == (0.5, 0.5, 0.5)


def test_an_infinite_ratio_has_no_interval() -> None:
    assert ratio("perplexity", [math.inf, 1], [1, 1]) == exact("perplexity", math.inf, 2)


@given(st.integers(1, 50), st.integers(0, 10**7))
def test_resamples_are_the_same_whatever_the_chunks(n: int, cells: int) -> None:
    whole = np.concatenate(list(resamples(n)))
    assert whole.shape == (1000, n)
    assert (whole.sum(axis=1) == n).all()
    if cells < 4_000_000:
        assert np.array_equal(np.concatenate(list(resamples(n, cells=cells))), whole)


def test_the_same_values_give_the_same_interval() -> None:
    assert ratio("wer", [1, 2, 0], [5, 6, 7]) == ratio("wer", [1, 2, 0], [5, 6, 7])
