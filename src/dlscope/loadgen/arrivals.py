"""Schedules of open loops: when each query is due, in ns from the start, drawn before the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PlanError
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.manifest.scenario import Burst
from dlscope.loadgen.recorded import Recorded
from dlscope.loadgen.stop_rule import StopRule

Times = NDArray[np.int64]

_S, _MS = 1e9, 1e6
_MOST_QUERIES = 50_000_000


def schedule(scenario: ScenarioManifest) -> Times:
    """Due times of every query of an open loop, ascending, the first at 0.

    As many as reach both minima of the scenario, of a recorded trace all of them, within its
    maxima. Raises `PlanError` for more than 50 million, `DataError` for a trace that cannot be
    read.
    """
    rule = StopRule.of(scenario)
    if scenario.type == "replay":
        due_ns = Recorded.of(scenario).due_ns
        return _cut(due_ns, replace(rule, min_queries=due_ns.size))
    _refuse_endless(scenario, rule)
    generator = np.random.default_rng(scenario.seeds.schedule)
    if scenario.type == "burst":
        assert scenario.burst is not None
        return _cut(_bursts(scenario.burst, rule, generator), rule)
    assert scenario.rate_qps is not None
    gap_ns = _S / scenario.rate_qps
    count = _count(rule, gap_ns)
    if scenario.type == "uniform":
        return _cut(np.round(np.arange(count) * gap_ns).astype(np.int64), rule)
    return _cut(_poisson(count, gap_ns, rule, generator), rule)


def _poisson(count: int, gap_ns: float, rule: StopRule, generator: np.random.Generator) -> Times:
    """Exponential gaps; more are drawn until the least duration is reached."""
    times = np.concatenate([[0.0], np.cumsum(generator.exponential(gap_ns, max(count - 1, 0)))])
    while times[-1] < rule.min_duration_ns:
        more = times[-1] + np.cumsum(generator.exponential(gap_ns, max(16, count // 8)))
        times = np.concatenate([times, more])
    return np.round(times).astype(np.int64)


def _bursts(burst: Burst, rule: StopRule, generator: np.random.Generator) -> Times:
    if burst.size is not None and burst.period_ms is not None:
        period_ns = burst.period_ms * _MS
        groups = max(-(-rule.min_queries // burst.size), int(rule.min_duration_ns // period_ns) + 1)
        starts = np.round(np.arange(groups + 1) * period_ns).astype(np.int64)
        return np.repeat(starts, burst.size)
    assert burst.on_ms is not None and burst.off_ms is not None and burst.rate_qps is not None
    return _on_off(burst.on_ms * _MS, burst.off_ms * _MS, _S / burst.rate_qps, rule, generator)


def _on_off(
    on_ns: float, off_ns: float, gap_ns: float, rule: StopRule, generator: np.random.Generator
) -> Times:
    """Poisson on the time that is on, then stretched by the time that is off."""
    share = on_ns / (on_ns + off_ns)
    count = max(rule.min_queries, int(rule.min_duration_ns * share / gap_ns) + 1)
    busy = StopRule(rule.min_queries, int(rule.min_duration_ns * share) + 1, 0, 0)
    times = _poisson(count, gap_ns, busy, generator)
    return (times + (times // on_ns) * off_ns).astype(np.int64)


def _count(rule: StopRule, gap_ns: float) -> int:
    """Queries at one every `gap_ns` until both minima are reached."""
    return max(rule.min_queries, int(np.ceil(rule.min_duration_ns / gap_ns)) + 1, 1)


def _cut(times: Times, rule: StopRule) -> Times:
    """`times` up to where both minima are reached, or a maximum."""
    reached = int(np.searchsorted(times, rule.min_duration_ns, side="left")) + 1
    end = max(rule.min_queries, reached)
    if rule.max_queries:
        end = min(end, rule.max_queries)
    if rule.max_duration_ns:
        end = min(end, int(np.searchsorted(times, rule.max_duration_ns, side="right")))
    return times[: max(end, 1)]


def _refuse_endless(scenario: ScenarioManifest, rule: StopRule) -> None:
    rate_qps = scenario.rate_qps or (scenario.burst and scenario.burst.rate_qps) or 0.0
    queries = max(rule.min_queries, rate_qps * rule.min_duration_ns / _S)
    if queries > _MOST_QUERIES:
        raise PlanError(
            f"{queries:.3g} queries are more than one run can hold",
            where=f"scenario {scenario.name}",
            fix="lower rate_qps, min_duration_ms or min_queries",
        )
