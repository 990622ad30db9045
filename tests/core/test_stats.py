from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test, trim_mean

from dlscope.core.errors import MeasurementError
from dlscope.core.stats import (
    Interval,
    bootstrap_interval,
    difference_interval,
    influences,
    mean,
    percentile,
    percentile_interval,
    require_samples,
    sign_flip_test,
    sign_test,
    trimmed_mean,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, 1.0),
        (2, 1.5),
        (3, 2.0),
        (4, (1 + 2 + 3 + 100) / 4),
        (5, (2 + 3 + 4) / 3),
        (6, (2 + 3 + 4 + 5) / 4),
        (7, (2 + 3 + 4 + 5 + 6) / 5),
        (8, (2 + 3 + 4 + 5 + 6 + 7) / 6),
        (9, (2 + 3 + 4 + 5 + 6 + 7 + 8) / 7),
        (10, (3 + 4 + 5 + 6 + 7 + 8) / 6),
    ],
)
def test_trimmed_mean_drops_a_fifth_at_each_end(n: int, expected: float) -> None:
    values = np.arange(1.0, n + 1)
    if n > 2:
        values[-1] = 100.0
    assert trimmed_mean(values) == pytest.approx(expected)


def test_trimmed_mean_of_three_is_the_median() -> None:
    assert trimmed_mean(np.array([1.0, 5.0, 900.0])) == 5.0


@pytest.mark.parametrize("statistic", [trimmed_mean, lambda values: percentile(values, 0.9)])
def test_no_samples_have_no_statistic(statistic) -> None:
    with pytest.raises(MeasurementError) as refusal:
        statistic(np.empty(0))
    assert str(refusal.value) == (
        "MeasurementError: a statistic needs at least one sample\n"
        "  where  statistics\n"
        "  fix    let the scenario run for at least one query"
    )


@pytest.mark.parametrize(
    ("n", "p", "which"),
    [
        (100, 0.9, 91),
        (100, 0.29, 30),
        (100, 0.99, 100),
        (100, 1.0, 100),
        (100, 0.0, 1),
        (10, 0.5, 6),
        (1, 0.999, 1),
        (1000, 0.999, 1000),
        (7, 0.97, 7),
    ],
)
def test_percentile_is_loadgens(n: int, p: float, which: int) -> None:
    assert percentile(np.arange(1, n + 1), p) == which


@given(st.integers(1, 200), st.integers(1, 99))
def test_percentile_is_exact_in_whole_hundredths(n: int, hundredths: int) -> None:
    values = np.arange(n)
    assert percentile(values, hundredths / 100) == min(n * hundredths // 100, n - 1)


def test_statistics_work_along_the_last_axis() -> None:
    values = np.array([[1.0, 2.0, 9.0], [4.0, 5.0, 6.0]])
    assert trimmed_mean(values).tolist() == [2.0, 5.0]
    assert percentile(values, 0.9).tolist() == [9.0, 6.0]
    assert mean(values).tolist() == [4.0, 5.0]


def test_require_samples_sorts() -> None:
    result = require_samples(np.array([3, 1, 2]), "run")
    assert result.tolist() == [1.0, 2.0, 3.0]
    assert result.dtype == np.float64


def test_require_samples_refuses_none() -> None:
    with pytest.raises(MeasurementError) as refusal:
        require_samples(np.empty(0), "run 7f3a")
    assert str(refusal.value) == (
        "MeasurementError: run 7f3a has no samples, so it has no latency\n"
        "  where  run 7f3a\n"
        "  fix    let the scenario run for at least one query"
    )


def test_bootstrap_is_decided_by_its_seed() -> None:
    values = np.random.default_rng(7).exponential(size=60)
    first = bootstrap_interval(values, trimmed_mean, seed=1)
    assert bootstrap_interval(values, trimmed_mean, seed=1) == first
    assert bootstrap_interval(values, trimmed_mean, seed=2) != first


def test_bootstrap_of_one_value_is_that_value() -> None:
    assert bootstrap_interval(np.array([5.0]), mean) == Interval(5.0, 5.0)


def test_bootstrap_of_nothing_is_refused() -> None:
    with pytest.raises(MeasurementError) as refusal:
        bootstrap_interval(np.empty(0), mean)
    assert str(refusal.value) == (
        "MeasurementError: an interval needs at least one sample\n"
        "  where  bootstrap\n"
        "  fix    let the scenario run for at least one query"
    )


def test_bootstrap_covers_the_true_mean_about_95_times_in_100() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        values = generator.normal(10.0, 2.0, size=100)
        lo, hi = bootstrap_interval(values, mean, seed=trial, resamples=300)
        covered += lo <= 10.0 <= hi
    assert 170 <= covered <= 199


def test_bootstrap_is_wider_when_neighbours_are_alike() -> None:
    independent = np.random.default_rng(3).normal(size=400)
    alike = np.repeat(independent[:20], 20)
    wide = bootstrap_interval(alike, mean)
    shuffled = bootstrap_interval(np.random.default_rng(4).permutation(alike), mean)
    assert wide.hi - wide.lo > 2 * (shuffled.hi - shuffled.lo)


def test_bootstrap_in_pieces_keeps_every_resample(monkeypatch) -> None:
    import dlscope.core.stats as stats

    sizes: list[int] = []

    def statistic(values):
        sizes.append(values.shape[0])
        return mean(values)

    monkeypatch.setattr(stats, "_CHUNK_CELLS", 2_500)
    bootstrap_interval(np.arange(100.0), statistic)
    assert max(sizes) == 25
    assert sum(sizes) == 1000


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_a_bootstrap_of_the_mean_stays_within_the_values(values: list[float]) -> None:
    lo, hi = bootstrap_interval(np.array(values), mean, resamples=50)
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert min(values) - slack <= lo <= hi <= max(values) + slack


def test_difference_interval_holds_a_known_shift() -> None:
    generator = np.random.default_rng(0)
    before, after = generator.normal(10, 1, 300), generator.normal(12, 1, 300)
    lo, hi = difference_interval(before, after, mean)
    assert lo < 2.0 < hi
    assert lo > 1.5


def test_difference_of_a_series_with_itself_holds_zero() -> None:
    values = np.random.default_rng(0).normal(size=100)
    lo, hi = difference_interval(values, values, mean)
    assert lo < 0 < hi


@pytest.mark.parametrize(
    ("k", "n"), [(0, 1), (1, 1), (18, 20), (19, 20), (0, 50), (50, 50), (7, 300)]
)
def test_wilson_is_scipys(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(case: tuple[int, int]) -> None:
    k, n = case
    lo, hi = wilson_interval(k, n)
    assert 0 <= lo <= k / n + 1e-12
    assert k / n - 1e-12 <= hi <= 1
    assert math.isfinite(hi - lo)


def test_median_and_p50_differ_by_half_a_step() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert percentile(values, 0.5) == 3.0
    assert statistics.median(values) == 2.5


@pytest.mark.parametrize(("lost", "won"), [(0, 1), (0, 7), (3, 0), (4, 4), (2, 9), (40, 60)])
def test_the_sign_test_is_an_exact_binomial_test(lost: int, won: int) -> None:
    expected = binomtest(min(lost, won), lost + won).pvalue
    assert sign_test(lost, won) == pytest.approx(expected, abs=1e-12)
    assert sign_test(lost, won) == sign_test(won, lost)


def test_a_sign_test_of_nothing_decides_nothing() -> None:
    assert sign_test(0, 0) == 1.0


def test_a_sign_test_of_many_thousand_pairs_is_still_exact() -> None:
    expected = binomtest(24_500, 50_000).pvalue
    assert sign_test(24_500, 25_500) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1.0], 1.0),
        ([1.0, 2.0], 0.5),
        ([1.0, 1.0, 1.0, 1.0], 2 / 16),
        ([3.0, -1.0], 1.0),
        ([0.0, 0.0, 1.0, 1.0], 0.5),
        ([], 1.0),
        ([0.0, 0.0], 1.0),
    ],
)
def test_the_sign_flip_test_counts_patterns_of_signs(differences: list[float], p: float) -> None:
    assert sign_flip_test(np.array(differences)) == p


def test_the_exact_sign_flip_test_is_scipys() -> None:
    values = np.random.default_rng(3).normal(0.4, 1.0, 10)
    expected = permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip_test(values) == pytest.approx(expected.pvalue, abs=1e-12)


def test_the_drawn_sign_flip_test_comes_close_to_the_exact_one(monkeypatch) -> None:
    values = np.random.default_rng(4).normal(0.4, 1.0, 14)
    exact = sign_flip_test(values)
    monkeypatch.setattr("dlscope.core.stats._EXACT_FLIPS", 13)
    drawn = sign_flip_test(values)
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))


def test_a_drawn_sign_flip_test_is_decided_by_its_seed_and_never_0() -> None:
    values = np.arange(1.0, 41.0)
    assert sign_flip_test(values, seed=1) == sign_flip_test(values, seed=1)
    assert sign_flip_test(values) == pytest.approx(1 / 20_001)


@pytest.mark.parametrize("n", [5, 100, 103])
def test_influences_have_the_trimmed_mean_as_their_mean(n: int) -> None:
    values = np.random.default_rng(n).lognormal(size=n)
    found = influences(values)
    assert found.mean() == pytest.approx(trim_mean(values, 0.2))
    # All that lies beyond a fifth pulls alike, however far it lies.
    top = np.argsort(values)[-(n // 5) - 1 :]
    assert np.ptp(found[top]) == pytest.approx(0.0, abs=1e-12)


def test_resampled_influences_give_the_interval_of_resampled_trimmed_means() -> None:
    values = np.random.default_rng(7).lognormal(size=400)
    quick = bootstrap_interval(values, trimmed_mean)
    slow = bootstrap_interval(values, lambda ordered: trimmed_mean(ordered))
    width = slow.hi - slow.lo
    assert quick.lo == pytest.approx(slow.lo, abs=0.1 * width)
    assert quick.hi == pytest.approx(slow.hi, abs=0.1 * width)


def test_a_resampled_mean_is_the_mean_of_each_resample() -> None:
    values = np.random.default_rng(8).lognormal(size=50)
    slow = bootstrap_interval(values, lambda ordered: mean(ordered))
    assert bootstrap_interval(values, mean) == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101, 400])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_the_interval_of_a_percentile_is_that_of_every_resample(n, p, decimals) -> None:
    values = np.random.default_rng(n).lognormal(size=n).round(decimals)
    slow = bootstrap_interval(values, lambda ordered: percentile(ordered, p), seed=3)
    assert percentile_interval(values, p, seed=3) == pytest.approx(slow, rel=1e-12)


def test_the_interval_of_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(MeasurementError, match="bootstrap has no samples"):
        percentile_interval(np.empty(0), 0.5)
