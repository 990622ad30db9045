"""Whether a run counts: one condition after another, each with what was measured and required."""

from __future__ import annotations

import numpy as np

from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.core.stats import percentile
from dlscope.core.units import format_percent
from dlscope.loadgen.early_stopping import is_shown, queries_needed, stream_estimate
from dlscope.loadgen.stop_rule import StopRule

_LATENESS_SHARE = 0.01
_LATENESS_PERCENTILE = 0.99
_SHOWN_PERCENTILES = ("single_stream", "multi_stream")


def scenario_conditions(samples: Samples, scenario: ScenarioManifest) -> tuple[Condition, ...]:
    """The conditions that the queries themselves decide."""
    conditions = [
        _minimum_duration(samples, scenario),
        _minimum_queries(samples, scenario),
        _failed_queries(samples, scenario),
    ]
    if scenario.latency_bound_ms is not None and len(samples):
        conditions.append(_latency_bound(samples, scenario))
        conditions.append(_early_stopping(samples, scenario))
    elif scenario.type in _SHOWN_PERCENTILES:
        conditions.append(_stream_early_stopping(samples, scenario))
    if scenario.rule.arrivals in ("open", "users") and len(samples):
        conditions.append(_lateness(samples, scenario))
    return tuple(conditions)


def interference_condition(
    share: float | None, *, is_disturbed: bool | None, reason: str = ""
) -> Condition:
    """Other processes took at most 5 % of the run's CPU time, and the clock fell by at most 10 %.

    Where the machine does not tell (`is_disturbed` None, `reason` says why) the condition holds,
    and says that it was not measured.
    """
    holds = not is_disturbed
    if share is None:
        measured = f"not measured: {reason}"
    else:
        measured = reason or f"{format_percent(share, 1)} of CPU time"
    return Condition(
        "interference",
        measured,
        "≤ 5 % CPU time of others, frequency −10 % at most",
        holds,
        advice="" if holds else "stop other programs and run it again with --rerun",
    )


def failed_items_condition(failed: int, items: int, scenario: ScenarioManifest) -> Condition:
    """At most `max_failed_fraction` of the data set items gave no prediction."""
    allowed = scenario.max_failed_fraction
    holds = items == 0 or failed / items <= allowed
    return Condition(
        "failed items",
        f"{failed} of {items}",
        f"≤ {format_percent(allowed, 1)}",
        holds,
        advice="" if holds else "see which items failed and why in the table failures",
    )


def _minimum_duration(samples: Samples, scenario: ScenarioManifest) -> Condition:
    # An open loop lasts from its first arrival to its last: the answers come when they come.
    duration_ns = samples.duration_ns
    holds = duration_ns >= StopRule.of(scenario).min_duration_ns
    # Cut, not rounded: 1.999 s must not read as the 2 s it fell short of.
    hundredths = duration_ns // 10_000_000
    return Condition(
        "minimum duration",
        f"{hundredths / 100:.2f} s",
        f"≥ {scenario.min_duration_ms / 1e3:g} s",
        holds,
        advice="" if holds else "raise max_queries or max_duration_ms",
    )


def _minimum_queries(samples: Samples, scenario: ScenarioManifest) -> Condition:
    required = StopRule.of(scenario).min_queries
    holds = len(samples) >= required
    return Condition(
        "minimum queries",
        f"{len(samples)}",
        f"≥ {required}",
        holds,
        advice="" if holds else "raise max_duration_ms",
    )


def _failed_queries(samples: Samples, scenario: ScenarioManifest) -> Condition:
    failed = int(len(samples) - samples.ok.sum())
    holds = len(samples) > 0 and failed / len(samples) <= scenario.max_failed_fraction
    return Condition(
        "every query answered",
        f"{failed} of {len(samples)} failed",
        f"≤ {format_percent(scenario.max_failed_fraction, 1)}",
        holds,
        advice="" if holds else "see the log of the run",
    )


def _latency_bound(samples: Samples, scenario: ScenarioManifest) -> Condition:
    """The scenario's percentile lies within the bound; a failed query lies beyond any bound."""
    latencies = np.sort(_charged_ns(samples))
    value = float(percentile(latencies, scenario.percentile))
    bound_ms = scenario.latency_bound_ms or 0.0
    holds = value <= bound_ms * 1e6
    measured = f"{value / 1e6:.4g} ms" if value < _NEVER else "not answered"
    return Condition(
        f"{_named(scenario.percentile)} within the bound",
        measured,
        f"≤ {bound_ms:g} ms",
        holds,
        advice="" if holds else "lower rate_qps, or find the highest rate with mode: find_peak",
    )


def _early_stopping(samples: Samples, scenario: ScenarioManifest) -> Condition:
    """There were enough queries to believe the percentile, given how many were beyond the bound."""
    bound_ns = (scenario.latency_bound_ms or 0.0) * 1e6
    beyond = int((_charged_ns(samples) > bound_ns).sum())
    within = len(samples) - beyond
    holds = is_shown(within, beyond, scenario.percentile)
    needed = queries_needed(beyond, scenario.percentile)
    return Condition(
        "early stopping",
        f"{len(samples)} queries, {beyond} beyond the bound",
        f"≥ {needed} queries",
        holds,
        advice="" if holds else f"raise min_queries to {needed}, or lower rate_qps",
    )


def _stream_early_stopping(samples: Samples, scenario: ScenarioManifest) -> Condition:
    estimate = stream_estimate(samples.latency_ns, scenario.percentile)
    needed = queries_needed(1, scenario.percentile)
    answered = int(samples.ok.sum())
    told = "" if estimate is None else f", {_named(scenario.percentile)} ≤ {estimate / 1e6:.4g} ms"
    return Condition(
        "early stopping",
        f"{answered} queries{told}",
        f"≥ {needed} queries",
        estimate is not None,
        advice="" if estimate is not None else f"raise min_queries to {needed}",
    )


def _lateness(samples: Samples, scenario: ScenarioManifest) -> Condition:
    """The load generator kept its schedule.

    Judged against the latency bound; without one against the median latency.
    """
    late_ns = float(percentile(np.sort(samples.lateness_ns), _LATENESS_PERCENTILE))
    if scenario.latency_bound_ms is not None:
        measure_ns, of = scenario.latency_bound_ms * 1e6, "the latency bound"
    else:
        answered = samples.latency_ns
        measure_ns, of = float(np.median(answered)) if answered.size else 0.0, "the median latency"
    allowed_ns = _LATENESS_SHARE * measure_ns
    # A microsecond is what the loop itself needs to look at the clock.
    holds = late_ns <= max(allowed_ns, 1e6 if scenario.latency_bound_ms is None else 0.0)
    return Condition(
        "lateness",
        f"p99 {late_ns / 1e6:.3g} ms",
        f"≤ {format_percent(_LATENESS_SHARE)} of {of}"
        + ("" if scenario.latency_bound_ms is not None else ", or 1 ms"),
        holds,
        advice="" if holds else "the load generator could not keep up: free a core for it",
    )


_NEVER = float(2**62)


def _charged_ns(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Latency of every query; one that failed took for ever."""
    latency = samples.completed_ns - samples.scheduled_ns
    return np.where(samples.ok, latency, np.int64(_NEVER))


def _named(share: float) -> str:
    return f"p{share * 100:g}"
