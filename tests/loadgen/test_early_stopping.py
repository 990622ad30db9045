from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import betainc

from dlscope.core.errors import MeasurementError
from dlscope.loadgen.early_stopping import (
    incomplete_beta,
    is_shown,
    most_beyond,
    queries_needed,
    stream_estimate,
)


@pytest.mark.parametrize(
    ("percentile", "beyond", "needed"),
    [
        (0.90, 1, 64),
        (0.90, 2, 81),
        (0.90, 3, 97),
        (0.90, 5, 127),
        (0.90, 10, 197),
        (0.90, 100, 1246),
        (0.95, 1, 130),
        (0.95, 10, 398),
        (0.97, 1, 219),
        (0.99, 1, 662),
        (0.99, 2, 838),
        (0.99, 3, 1001),
        (0.99, 10, 2010),
        (0.99, 100, 12571),
        (0.999, 1, 6636),
        (0.999, 10, 20140),
        (0.90, 0, 44),
        (0.95, 0, 90),
        (0.97, 0, 152),
        (0.99, 0, 459),
        (0.999, 0, 4603),
    ],
)
def test_needs_as_many_queries_as_the_rules_say(
    percentile: float, beyond: int, needed: int
) -> None:
    assert queries_needed(beyond, percentile) == needed


def test_without_a_query_beyond_it_needs_what_the_logarithm_says() -> None:
    for percentile in (0.5, 0.8, 0.9, 0.99):
        assert queries_needed(0, percentile) == math.ceil(math.log(0.01) / math.log(percentile))


@pytest.mark.parametrize(
    ("percentile", "queries", "beyond"),
    [
        (0.90, 64, 1),
        (0.90, 100, 3),
        (0.90, 500, 34),
        (0.90, 1000, 78),
        (0.90, 10_000, 930),
        (0.90, 24_576, 2348),
        (0.99, 662, 1),
        (0.99, 1000, 2),
        (0.99, 5000, 33),
        (0.99, 10_000, 77),
        (0.99, 24_576, 209),
        (0.90, 1_000_000, 99_302),
        (0.99, 1_000_000, 9_768),
        (0.90, 63, 0),
        (0.90, 43, None),
    ],
)
def test_leaves_out_as_many_as_the_rules_say(percentile: float, queries: int, beyond) -> None:
    assert most_beyond(queries, percentile) == beyond


def test_nothing_shows_nothing() -> None:
    assert not is_shown(0, 0, 0.9)


def test_the_estimate_is_the_largest_latency_that_may_not_be_left_out() -> None:
    latencies = np.arange(100, 0, -1)
    # At n = 100 and p = 0.9 t = 3: the two highest are left out.
    assert stream_estimate(latencies, 0.9) == 98
    assert stream_estimate(latencies[:63], 0.9) is None
    assert stream_estimate(latencies[:0], 0.9) is None


def test_the_incomplete_beta_function_is_scipys() -> None:
    generator = np.random.default_rng(1)
    for _ in range(500):
        a, b = (float(10 ** generator.uniform(-1, 5)) for _ in range(2))
        x = float(np.clip(generator.normal(a / (a + b), 0.01), 1e-9, 1 - 1e-9))
        assert incomplete_beta(a, b, x) == pytest.approx(betainc(a, b, x), rel=1e-6, abs=1e-12)
    assert (incomplete_beta(2, 3, 0), incomplete_beta(2, 3, 1)) == (0, 1)


def test_says_when_it_does_not_converge(monkeypatch) -> None:
    monkeypatch.setattr("dlscope.loadgen.early_stopping._MOST_TERMS", 2)
    with pytest.raises(MeasurementError) as caught:
        incomplete_beta(500, 500, 0.5)
    assert caught.value.describe() == (
        "MeasurementError: the incomplete beta function of (500, 500, 0.5) does not converge\n"
        "  where  early stopping\n"
        "  fix    use a percentile further from 0 and 1"
    )
