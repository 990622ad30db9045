from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import PlanError
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.arrivals import schedule

MS, S = 1_000_000, 1_000_000_000


def _server(**fields: object) -> ScenarioManifest:
    defaults = {"rate_qps": 100, "latency_bound_ms": 50, "min_duration_ms": 0, "min_queries": 1}
    return ScenarioManifest.model_validate(
        {"schema_version": 1, "name": "tiny", "type": "server", **defaults, **fields}
    )


def test_a_uniform_schedule_has_one_query_each_interval(of_type) -> None:
    due = schedule(of_type("uniform", rate_qps=200, min_queries=4))
    assert due.tolist() == [0, 5 * MS, 10 * MS, 15 * MS]


def test_a_uniform_schedule_reaches_the_least_duration(of_type) -> None:
    due = schedule(of_type("uniform", rate_qps=200, min_queries=1, min_duration_ms=20))
    assert due.tolist() == [0, 5 * MS, 10 * MS, 15 * MS, 20 * MS]


def test_exponential_gaps_have_the_mean_of_the_rate() -> None:
    due = schedule(_server(min_queries=20_001))
    gaps = np.diff(due)
    assert due[0] == 0
    # n queries span n − 1 gaps; the mean of 20 000 is within 3 % of 10 ms, 4 standard errors.
    assert gaps.mean() == pytest.approx(10 * MS, rel=0.03)
    # Of an exponential distribution the standard deviation is the mean, and 1 − 1/e lie below it.
    assert gaps.std() == pytest.approx(10 * MS, rel=0.05)
    assert (gaps < 10 * MS).mean() == pytest.approx(1 - np.exp(-1), abs=0.02)


def test_gaps_of_different_queries_are_independent() -> None:
    gaps = np.diff(schedule(_server(min_queries=20_001))).astype(float)
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.03


# 300 queries at 2/s take 150 s of the 600 s that a run may last.
@given(st.integers(0, 2**63), st.floats(2, 5_000), st.integers(1, 300), st.integers(0, 500))
def test_a_poisson_schedule_ascends_from_0_and_reaches_both_minima(
    seed: int, rate_qps: float, queries: int, duration_ms: int
) -> None:
    asked = _server(
        rate_qps=rate_qps,
        min_queries=queries,
        min_duration_ms=duration_ms,
        seeds={"schedule": seed},
    )
    due = schedule(asked)
    assert due[0] == 0
    assert (np.diff(due) >= 0).all()
    assert due.size >= queries
    assert due[-1] >= duration_ms * MS
    # No query more than the minima need.
    assert due.size == max(queries, 1) or due[-2] < duration_ms * MS


def test_a_schedule_follows_its_own_seed_alone() -> None:
    first = schedule(_server(min_queries=50))
    assert (first == schedule(_server(min_queries=50, seeds={"order": 9, "subset": 9}))).all()
    assert (first != schedule(_server(min_queries=50, seeds={"schedule": 9})))[1:].all()


def test_a_maximum_of_queries_or_time_cuts_the_schedule(of_type) -> None:
    most = of_type("uniform", rate_qps=100, min_queries=3, max_queries=3, min_duration_ms=50)
    assert schedule(most).size == 3
    short = of_type("uniform", rate_qps=100, min_queries=100, max_duration_ms=25)
    assert schedule(short).tolist() == [0, 10 * MS, 20 * MS]


def test_bursts_come_in_groups(of_type) -> None:
    burst = {"size": 3, "period_ms": 100}
    due = schedule(of_type("burst", burst=burst, min_queries=7))
    assert due.tolist() == [0, 0, 0, 100 * MS, 100 * MS, 100 * MS, 200 * MS]


def test_bursts_that_are_on_and_off_leave_the_off_times_empty(of_type) -> None:
    burst = {"on_ms": 20, "off_ms": 80, "rate_qps": 1000}
    due = schedule(of_type("burst", burst=burst, min_queries=2000, min_duration_ms=1000))
    assert (due % (100 * MS) <= 20 * MS).all()
    # While on, the rate is the one asked for: 20 in each period.
    assert due.size / (due[-1] / (100 * MS)) == pytest.approx(20, rel=0.1)


def test_refuses_more_queries_than_one_run_can_hold(of_type) -> None:
    with pytest.raises(PlanError) as caught:
        schedule(of_type("uniform", rate_qps=1e6, min_duration_ms=60_000))
    assert caught.value.describe() == (
        "PlanError: 6e+07 queries are more than one run can hold\n"
        "  where  scenario tiny\n"
        "  fix    lower rate_qps, min_duration_ms or min_queries"
    )


def test_a_recorded_schedule_is_its_own(of_type, tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("scheduled_ns\n7\n9\n9\n")
    assert schedule(of_type("replay", trace_file=str(path))).tolist() == [0, 2, 2]
    cut = of_type("replay", trace_file=str(path), max_queries=2)
    assert schedule(cut).tolist() == [0, 2]
