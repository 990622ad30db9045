"""The key figures of one Run, or of the Runs of one model on one framework, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlscope.core.run import Run
from dlscope.core.stats import Interval, percentile, percentile_interval
from dlscope.core.units import format_bytes, format_interval, format_number, scale_for
from dlscope.methods.evaluation.analyses.peak import confirmed_peak
from dlscope.methods.evaluation.analyses.point import Point, points

Fact = tuple[str, str]


def key_figures(runs: Sequence[Run]) -> tuple[Fact, ...]:
    """What a reader asks first, with intervals, and reasons where nothing can be told.

    Nothing for Runs of several models or frameworks: their table of models comes first.
    """
    found = list(points(runs))
    if len(found) != 1:
        return ()
    point = found[0]
    return (
        *_accuracy(point),
        *_latency(point),
        *_under_load(point),
        *_peak(point),
        *_throughput(point),
        *_cold_start(point),
        *_memory(point),
        *_energy(point),
    )


def _accuracy(point: Point) -> Iterator[Fact]:
    metric = point.headline
    if metric is None:
        return
    name = metric.name.replace("_", "-" if metric.name.startswith("top") else " ")
    if metric.count is None:
        yield name, f"{format_number(metric.value)} {_ends(metric.lo, metric.hi, metric.value)}"
        return
    ends = _ends(_percent(metric.lo), _percent(metric.hi), 100 * metric.value)
    yield name, f"{100 * metric.value:.1f} % {ends}, {metric.count} of {metric.n}"


def _latency(point: Point) -> Iterator[Fact]:
    online = point.online
    if online is None:
        return
    values = point.single_ns
    median = float(percentile(np.sort(values), 0.5))
    interval = percentile_interval(values, 0.5)
    yield "latency p50", f"{_time(median, interval)}, p90 {_time(online.p90_ns)}"
    yield "trimmed mean", f"{_time(online.mean_ns, online.interval)}, {values.size} queries"


def _under_load(point: Point) -> Iterator[Fact]:
    """The tail of each scenario in which queries do not wait for the one before."""
    loaded: dict[str, list[Run]] = {}
    for run in point.runs:
        is_loaded = run.plan.scenario.rule.arrivals in ("open", "users")
        if is_loaded and run.samples.ordered_ns.size:
            loaded.setdefault(run.plan.scenario.name, []).append(run)
    for name, runs in loaded.items():
        values = np.concatenate([run.samples.latency_ns for run in runs])
        tail = float(percentile(np.sort(values), 0.99))
        yield f"latency p99, {name}", f"{_time(tail)}, {values.size} queries"


def _peak(point: Point) -> Iterator[Fact]:
    searches = [run for run in point.runs if run.probes]
    peaks = [peak for run in searches if (peak := confirmed_peak(run.probes)) is not None]
    if peaks:
        yield "peak", f"{format_number(max(peaks), 4)} queries/s"
    elif searches:
        yield "peak", "none was confirmed"


def _throughput(point: Point) -> Iterator[Fact]:
    rates = point.throughput
    if rates:
        batch = max(rates, key=lambda size: rates[size])
        best = point.optimal_batch
        optimal = f", optimal batch {best}" if best is not None else ""
        yield "throughput", f"{format_number(rates[batch])} 1/s at batch {batch}{optimal}"


def _cold_start(point: Point) -> Iterator[Fact]:
    started = [run for run in point.runs if run.stage("load") is not None]
    if started:
        stages = started[0].stages
        parts = " · ".join(f"{stage.name} {_time(stage.duration_ns)}" for stage in stages)
        yield "cold start", f"{_time(sum(stage.duration_ns for stage in stages))}: {parts}"


def _memory(point: Point) -> Iterator[Fact]:
    told = [run.memory_bytes for run in point.runs if run.memory_bytes]
    if told:
        above = max(each["peak"] - each["baseline"] for each in told)
        yield "peak memory", f"{format_bytes(above)} above {format_bytes(told[0]['baseline'])}"


def _energy(point: Point) -> Iterator[Fact]:
    told = [run.energy for run in point.runs if run.energy is not None]
    measured = [each for each in told if each.per_inference_j is not None]
    if measured:
        joules = measured[0].per_inference_j or 0.0
        yield "energy", f"{format_number(joules)} J per inference ({measured[0].source})"
    elif told:
        yield "energy", f"not measured: {told[0].reason}"


def _time(value_ns: float, interval: Interval | None = None) -> str:
    unit, factor = scale_for("ns", [value_ns])
    text = f"{format_number(value_ns * factor)} {unit}"
    if interval is None:
        return text
    return f"{text} {_ends(interval.lo * factor, interval.hi * factor, value_ns * factor)}"


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _ends(lo: float | None, hi: float | None, value: float) -> str:
    return format_interval(lo, hi, value=value) if lo is not None or hi is not None else ""
