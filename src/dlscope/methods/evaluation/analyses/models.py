"""`Models`: the model table, one row for each model on each framework (MLModelScope)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Metric, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.point import OUT_OF_MEMORY, Online, Point, points

_REDUCED = ("bfloat16", "float16", "int8")
_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("system", "str", "name of the machine", priority=3),
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
    Column("oom_batch", "int", "smallest batch that memory did not hold", role="count", priority=3),
    Column("load_ns", "int", "time to open the model", "ns", "value", 3),
    Column("valid", "bool", "whether every Run within memory counts", role="verdict"),
    Column("reason", "str", "why a Run did not finish", priority=3),
)


@final
class Models(Analysis):
    """One row per model, framework and machine over all its Runs."""

    name: ClassVar[str] = "models"
    doc: ClassVar[str] = "The model table: accuracy, size, latency, throughput, optimal batch."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of("models", _COLUMNS, map(_record, points(runs)))

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


def _record(point: Point) -> Mapping[str, Cell]:
    plan, runs = point.plan, point.runs
    headline, online = point.headline, point.online
    loads = [stage.duration_ns for run in runs if (stage := run.stage("load")) is not None]
    return {
        "model": plan.model.name,
        "backend": plan.framework.label,
        "version": plan.framework.version,
        "system": point.system,
        "task": plan.model.task,
        "precision": next((run.framework_report.get("precision") for run in runs), None),
        "right": _right(headline),
        "metric": headline.name if headline else None,
        "accuracy": headline.value if headline else None,
        "graph_bytes": point.graph_bytes,
        **(_latency(online) if online else {}),
        "throughput_per_s": max(point.throughput.values(), default=None),
        "optimal_batch": point.optimal_batch,
        "oom_batch": min(point.out_of_memory, default=None),
        "load_ns": round(float(np.median(loads))) if loads else None,
        "valid": all(run.is_valid for run in runs if run.outcome not in OUT_OF_MEMORY)
        and any(run.is_valid for run in runs),
        "reason": point.reason,
    }


def _latency(online: Online) -> Mapping[str, Cell]:
    return {
        "mean_ns": round(online.mean_ns),
        "ci_lo_ns": round(online.interval.lo),
        "ci_hi_ns": round(online.interval.hi),
        "p90_ns": online.p90_ns,
    }


def _right(metric: Metric | None) -> str | None:
    if metric is None or metric.count is None:
        return None
    return f"{metric.count}/{metric.n}"
