from __future__ import annotations

import pytest

from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.stop_rule import StopRule

NO_MAXIMUM = StopRule(min_queries=10, min_duration_ns=1000, max_queries=0, max_duration_ns=0)
BOTH_MAXIMA = StopRule(min_queries=10, min_duration_ns=1000, max_queries=20, max_duration_ns=2000)


@pytest.mark.parametrize(
    ("queries", "elapsed_ns", "ends"),
    [(9, 1000, False), (10, 999, False), (10, 1000, True), (10_000, 999, False), (9, 10**9, False)],
)
def test_ends_when_both_minima_are_reached(queries: int, elapsed_ns: int, ends: bool) -> None:
    assert NO_MAXIMUM.ends(queries, elapsed_ns) is ends


@pytest.mark.parametrize(
    ("queries", "elapsed_ns", "ends"),
    [(20, 1, True), (19, 1, False), (1, 2000, True), (1, 1999, False)],
)
def test_ends_at_either_maximum(queries: int, elapsed_ns: int, ends: bool) -> None:
    assert BOTH_MAXIMA.ends(queries, elapsed_ns) is ends


def test_a_minimum_of_zero_asks_for_nothing() -> None:
    assert StopRule(3, 0, 0, 0).ends(3, 0)
    assert not StopRule(3, 0, 0, 0).ends(2, 10**9)
    assert StopRule(0, 50, 0, 0).ends(1, 50)


def test_reads_a_scenario_in_exact_nanoseconds() -> None:
    scenario = ScenarioManifest(
        schema_version=1,
        name="short",
        type="online",
        min_queries=7,
        min_duration_ms=500.3,
        max_queries=9,
        max_duration_ms=1001.1,
    )
    # 500.3 * 1e6 is 500299999.99999994 in floating point.
    assert StopRule.of(scenario) == StopRule(7, 500_300_000, 9, 1_001_100_000)


@pytest.mark.parametrize(
    ("rule", "queries", "elapsed_ns", "share"),
    [
        (NO_MAXIMUM, 0, 0, 0.0),
        (NO_MAXIMUM, 5, 1000, 0.5),  # the slower minimum decides
        (NO_MAXIMUM, 10, 250, 0.25),
        (NO_MAXIMUM, 30, 3000, 1.0),
        (BOTH_MAXIMA, 15, 0, 0.75),  # the nearer maximum decides
        (BOTH_MAXIMA, 0, 1800, 0.9),
        (StopRule(0, 100, 0, 0), 1, 30, 0.3),
        (StopRule(4, 0, 0, 0), 1, 30, 0.25),
    ],
)
def test_tells_how_far_a_run_has_come(
    rule: StopRule, queries: int, elapsed_ns: int, share: float
) -> None:
    assert rule.share_done(queries, elapsed_ns) == pytest.approx(share)


@pytest.mark.parametrize("rule", [NO_MAXIMUM, BOTH_MAXIMA])
def test_the_share_is_one_exactly_when_the_run_ends(rule: StopRule) -> None:
    for queries in range(25):
        for elapsed_ns in range(0, 2501, 100):
            is_done = rule.share_done(queries, elapsed_ns) == 1.0
            assert is_done is rule.ends(queries, elapsed_ns)
