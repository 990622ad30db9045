"""Whether a run counts: one condition after another, each with what was measured and required."""

from __future__ import annotations

from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.core.units import format_percent
from dlscope.loadgen.stop_rule import StopRule


def scenario_conditions(samples: Samples, scenario: ScenarioManifest) -> tuple[Condition, ...]:
    """The conditions that the queries themselves decide."""
    return (
        _minimum_duration(samples, scenario),
        _minimum_queries(samples, scenario),
        _failed_queries(samples, scenario),
    )


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
    holds = samples.duration_ns >= StopRule.of(scenario).min_duration_ns
    # Cut, not rounded: 1.999 s must not read as the 2 s it fell short of.
    hundredths = samples.duration_ns // 10_000_000
    return Condition(
        "minimum duration",
        f"{hundredths / 100:.2f} s",
        f"≥ {scenario.min_duration_ms / 1e3:g} s",
        holds,
        advice="" if holds else "raise max_queries or max_duration_ms",
    )


def _minimum_queries(samples: Samples, scenario: ScenarioManifest) -> Condition:
    holds = len(samples) >= scenario.min_queries
    return Condition(
        "minimum queries",
        f"{len(samples)}",
        f"≥ {scenario.min_queries}",
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
