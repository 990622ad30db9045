"""`Models`: the model table, one row for each model on each framework (MLModelScope)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import ClassVar, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Metric, Run
from dlscope.core.stats import bootstrap_interval, percentile, trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.throughput import throughput_per_s

_REDUCED = ("bfloat16", "float16", "int8")
_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("task", "str", "what the model does", priority=3),
    Column("precision", "str", "type the framework computes in, as it says itself", priority=3),
    Column("right", "str", "right answers of all, where the metric counts"),
    Column("metric", "str", "headline metric of the task", priority=3),
    Column("accuracy", "float", "the metric", role="value", priority=2),
    Column("graph_bytes", "int", "size of the graph file", "bytes", "value", 3),
    Column("mean_ns", "int", "online trimmed mean", "ns", "value", 1, "ci_lo_ns", "ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("p90_ns", "int", "online 90th percentile", "ns", "value", 2),
    Column("throughput_per_s", "float", "most items per second over batches", "1/s", "value", 1),
    Column("optimal_batch", "int", "smallest batch whose double gains ≤ 5 %", role="count"),
    Column("load_ns", "int", "time to open the model", "ns", "value", 3),
    Column("valid", "bool", "whether every Run counts", role="verdict"),
)

_MODES = ("preloaded", "sequential", "stream")


@final
class Models(Analysis):
    """One row per model and framework over all its Runs."""

    name: ClassVar[str] = "models"
    doc: ClassVar[str] = "The model table: accuracy, size, latency, throughput, optimal batch."

    def _table(self, runs: Sequence[Run]) -> Table:
        groups = groupby(sorted(runs, key=_pair), key=_pair)
        return Table.of("models", _COLUMNS, [_record(list(group)) for _, group in groups])

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_reduced_precision(table))


def _reduced_precision(table: Table) -> Iterator[Finding]:
    """Backends that compute in fewer bits than the graph declares, whatever was asked of them."""
    for index, row in enumerate(table):
        if row["precision"] in _REDUCED:
            yield Finding(
                "warn",
                f"{row['backend']} computes {row['model']} in {row['precision']}",
                table.name,
                (index,),
                "its latency is not that of the declared type",
                advice="pin its precision option, or compare it with others at that precision",
            )


def _pair(run: Run) -> tuple[str, str, str]:
    return run.plan.model.name, run.plan.framework.name, run.plan.framework.version


def _record(runs: Sequence[Run]) -> Mapping[str, Cell]:
    plan = runs[0].plan
    metrics = next((run.metrics for run in runs if run.metrics), ())
    headline = metrics[0] if metrics else None
    throughput = _throughput_by_batch(runs)
    loads = [stage.duration_ns for run in runs if (stage := run.stage("load")) is not None]
    return {
        "model": plan.model.name,
        "backend": plan.framework.name,
        "version": plan.framework.version,
        "task": plan.model.task,
        "precision": next((run.framework_report.get("precision") for run in runs), None),
        "right": _right(headline),
        "metric": headline.name if headline else None,
        "accuracy": headline.value if headline else None,
        "graph_bytes": _graph_bytes(runs),
        **_online(runs),
        "throughput_per_s": max(throughput.values(), default=None),
        "optimal_batch": optimal_batch(throughput),
        "load_ns": round(float(np.median(loads))) if loads else None,
        "valid": all(run.is_valid for run in runs),
    }


def _graph_bytes(runs: Iterable[Run]) -> int | None:
    """The size any of `runs` tells; one that failed tells none."""
    reports = (run.framework_report for run in runs)
    return next((report["graph_bytes"] for report in reports if "graph_bytes" in report), None)


def _right(metric: Metric | None) -> str | None:
    if metric is None or metric.count is None:
        return None
    return f"{metric.count}/{metric.n}"


def _online(runs: Iterable[Run]) -> Mapping[str, Cell]:
    measured = [run for run in runs if run.plan.batch_size == 1 and len(run.samples)]
    # Queries of another pipeline mode contain other work: they must not enter the same mean.
    modes = {run.plan.scenario.pipeline for run in measured}
    mode = next((each for each in _MODES if each in modes), None)
    samples = [run.samples.latency_ns for run in measured if run.plan.scenario.pipeline == mode]
    latencies = np.concatenate(samples) if samples else np.empty(0)
    if not latencies.size:
        return {}
    ordered = np.sort(latencies)
    interval = bootstrap_interval(latencies, trimmed_mean)
    return {
        "mean_ns": round(float(trimmed_mean(ordered))),
        "ci_lo_ns": round(interval.lo),
        "ci_hi_ns": round(interval.hi),
        "p90_ns": int(percentile(ordered, 0.9)),
    }


def _throughput_by_batch(runs: Iterable[Run]) -> dict[int, float]:
    """Items per second by batch size, the median over repeats."""
    rates: dict[int, list[float]] = {}
    for run in runs:
        rate = throughput_per_s(run)
        if rate is not None:
            rates.setdefault(run.plan.batch_size, []).append(rate)
    return {batch: float(np.median(values)) for batch, values in rates.items()}


def optimal_batch(throughput: Mapping[int, float]) -> int | None:
    """The smallest b with throughput(2b) ≤ 1.05 · throughput(b); None where no 2b was measured.

    When every doubling still gains more than 5 %, the largest batch measured.
    """
    doubled = [batch for batch in sorted(throughput) if 2 * batch in throughput]
    if not doubled:
        return None
    return next(
        (batch for batch in doubled if throughput[2 * batch] <= 1.05 * throughput[batch]),
        2 * doubled[-1],
    )
