"""LoadGen's verdict as conditions of a run, each with what it measured and required."""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.run import Condition, Samples
from dlscope.core.units import format_percent
from dlscope.loadgen.mlperf.logs import Detail
from dlscope.loadgen.mlperf.requested import Requested


def conditions(
    detail: Detail, asked: Requested, samples: Samples, max_failed_fraction: float
) -> tuple[Condition, ...]:
    """What LoadGen judged, then what it does not look at: failed answers and its own errors.

    LoadGen's result is VALID exactly when the conditions up to early stopping hold.
    """
    return (
        *_judged(detail, asked, samples),
        _failed(samples, max_failed_fraction),
        Condition(
            "LoadGen errors",
            f"{len(detail.errors)}" + (f": {detail.errors[0]}" if detail.errors else ""),
            "0",
            not detail.errors,
            advice="" if not detail.errors else "see mlperf_log_detail.txt",
        ),
    )


def ended(queries: int) -> tuple[Condition, ...]:
    """The one condition of a test that was ended before LoadGen could judge it."""
    advice = "let it run to its end"
    return (Condition("LoadGen verdict", f"ended after {queries}", "a whole test", False, advice),)


def _judged(detail: Detail, asked: Requested, samples: Samples) -> Iterator[Condition]:
    if asked.scenario == "Server":
        yield _latency_bound(detail, asked)
    yield _minimum_duration(detail, asked, samples)
    is_offline = asked.scenario == "Offline"
    least = detail["effective_min_sample_count" if is_offline else "effective_min_query_count"]
    met = bool(detail["result_min_queries_met"])
    yield Condition(
        "minimum queries",
        f"{len(samples)} samples" if is_offline else f"{detail['result_query_count']}",
        f"≥ {least}",
        met,
        "" if met else "raise max_duration_ms",
    )
    if not is_offline:
        met = bool(detail["early_stopping_met"])
        told = " ".join(str(detail["early_stopping_result"]).replace("*", "").split())
        yield Condition(
            "early stopping", told, "99 % confidence", met, "" if met else "raise min_queries"
        )


def _minimum_duration(detail: Detail, asked: Requested, samples: Samples) -> Condition:
    """As LoadGen counts it: to the last schedule of a server, the last issue of a stream."""
    ends = {"Server": samples.scheduled_ns, "Offline": samples.completed_ns}
    last = ends.get(asked.scenario, samples.issued_ns)
    lasted_ns = int(last.max() - samples.scheduled_ns.min())
    met = bool(detail["result_min_duration_met"])
    return Condition(
        "minimum duration",
        # Cut, not rounded: 1.999 s must not read as the 2 s it fell short of.
        f"{lasted_ns // 10_000_000 / 100:.2f} s",
        f"≥ {float(detail['effective_min_duration_ms']) / 1e3:g} s",
        met,
        "" if met else str(detail.values.get("result_invalid_reason", "")).strip(),
    )


def _latency_bound(detail: Detail, asked: Requested) -> Condition:
    bound_ms = float(asked.fields["server_target_latency_ns"]) / 1e6
    beyond, queries = detail["result_overlatency_query_count"], detail["result_query_count"]
    met = bool(detail["result_perf_constraints_met"])
    return Condition(
        f"p{(asked.percentile or 0) * 100:g} within the bound",
        f"{beyond} of {queries} beyond {bound_ms:g} ms",
        f"≤ {format_percent(1 - (asked.percentile or 0), 1)}",
        met,
        "" if met else "lower rate_qps",
    )


def _failed(samples: Samples, allowed: float) -> Condition:
    failed = int(len(samples) - samples.ok.sum())
    holds = len(samples) > 0 and failed / len(samples) <= allowed
    return Condition(
        "every query answered",
        f"{failed} of {len(samples)} failed",
        f"≤ {format_percent(allowed, 1)}",
        holds,
        "" if holds else "see the log of the run",
    )
