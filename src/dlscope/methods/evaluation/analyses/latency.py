"""`Latency`: how long a query takes, with intervals, and whether the number counts."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.stats import (
    Interval,
    bootstrap_interval,
    percentile,
    require_samples,
    trimmed_mean,
)
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject
from dlscope.methods.evaluation.analyses.throughput import throughput_per_s


def _time(name: str, doc: str, priority: int = 3) -> Column:
    return Column(name, "int", doc, "ns", role="value", priority=priority)


_COMPARABLE = ("model", "dataset", "scenario", "pipeline", "batch_size")
"""What rows must share for their latencies to be ranked."""
_MEAN = "mean without the lowest and the highest fifth"

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("scenario", "str", "how queries arrive", priority=2),
    Column("pipeline", "str", "what a query contains: preloaded, sequential, stream", priority=2),
    Column("batch_size", "int", "items in one query", role="count", priority=2),
    Column("queries", "int", "queries measured", role="count", priority=3),
    Column("mean_ns", "int", _MEAN, "ns", "value", 1, lo="ci_lo_ns", hi="ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    _time("p50_ns", "50th percentile", 2),
    _time("p90_ns", "90th percentile", 1),
    _time("p99_ns", "99th percentile"),
    _time("min_ns", "fastest query"),
    _time("max_ns", "slowest query"),
    _time("std_ns", "standard deviation"),
    _time("per_input_ns", "mean batch latency divided by the batch size"),
    Column("throughput_per_s", "float", "items per second", "1/s", "value", 1),
    Column("peak_memory_bytes", "int", "peak resident above before load", "bytes", "value", 3),
    Column("valid", "bool", "whether every condition holds", role="verdict"),
    Column("reason", "str", "what does not hold, or why there is no number", priority=3),
    Column("fix", "str", "what to do about it", priority=3),
)


@final
class Latency(Analysis):
    """One row per Run that measured a scenario, failed ones included."""

    name: ClassVar[str] = "latency"
    doc: ClassVar[str] = "How long a query takes."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of(
            "latency",
            _COLUMNS,
            [_record(run) for run in runs if run.plan.scenario.mode != "accuracy"],
            note=(
                "Mean is trimmed by a fifth at either end, its interval a block bootstrap over "
                "queries in order of issue; percentiles as LoadGen defines them."
            ),
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return (*_ranking(table), *_invalid(table))


def _record(run: Run) -> Mapping[str, Cell]:
    plan = run.plan
    record: dict[str, Cell] = {
        **subject(run),
        "scenario": plan.scenario.name,
        "pipeline": plan.scenario.pipeline,
        "batch_size": plan.batch_size,
        "queries": len(run.samples),
        "valid": run.is_valid,
        "reason": _reason(run),
        "fix": _fix(run),
    }
    if len(run.samples.latency_ns):
        record.update(_statistics(run))
    return record


def _statistics(run: Run) -> Mapping[str, Cell]:
    latencies = run.samples.latency_ns
    ordered = require_samples(latencies, run.plan.label)
    mean = float(trimmed_mean(ordered))
    interval = bootstrap_interval(latencies, trimmed_mean, seed=run.plan.seed)
    batch = run.plan.batch_size
    memory = run.memory_bytes
    return {
        "mean_ns": round(mean),
        "ci_lo_ns": round(interval.lo),
        "ci_hi_ns": round(interval.hi),
        **{f"p{p}_ns": int(percentile(ordered, p / 100)) for p in (50, 90, 99)},
        "min_ns": int(ordered[0]),
        "max_ns": int(ordered[-1]),
        "std_ns": round(float(np.std(ordered))),
        "per_input_ns": round(mean / batch),
        "throughput_per_s": throughput_per_s(run),
        "peak_memory_bytes": memory["peak"] - memory["baseline"] if memory else None,
    }


def _reason(run: Run) -> str | None:
    if run.error is not None:
        return run.error["what"]
    broken = [each for each in run.conditions if not each.holds]
    if broken:
        return "; ".join(f"{each.name}: {each.measured}" for each in broken)
    return "aborted" if run.status == "aborted" else None


def _fix(run: Run) -> str | None:
    if run.error is not None:
        return run.error["fix"]
    advice = dict.fromkeys(each.advice for each in run.conditions if not each.holds)
    return "; ".join(advice) or None


def _ranking(table: Table) -> Iterator[Finding]:
    """Which backend is fastest, said only where the intervals of all its Runs decide it."""
    groups: dict[tuple[Cell, ...], dict[str, list[int]]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if row["valid"] and row["mean_ns"] is not None:
            key = tuple(row[name] for name in _COMPARABLE)
            groups.setdefault(key, {}).setdefault(str(row["backend"]), []).append(index)
    for (model, *_), by_backend in groups.items():
        measured = [
            _Measured(backend, tuple(members), [rows[index] for index in members])
            for backend, members in by_backend.items()
        ]
        if len(measured) > 1:
            fast, slow = sorted(measured, key=lambda each: each.mean_ns)[:2]
            yield _ranked(table, str(model), fast, slow)


@dataclass(frozen=True)
class _Measured:
    """One backend in one group: its rows, repeats included."""

    backend: str
    indices: tuple[int, ...]
    rows: Sequence[Mapping[str, Cell]]

    @property
    def mean_ns(self) -> float:
        return statistics.median(float(row["mean_ns"] or 0) for row in self.rows)

    @property
    def interval(self) -> Interval:
        """From the lowest to the highest end over the repeats."""
        ends = [float(row[end] or 0) for row in self.rows for end in ("ci_lo_ns", "ci_hi_ns")]
        return Interval(min(ends), max(ends))


def _ranked(table: Table, model: str, fast: _Measured, slow: _Measured) -> Finding:
    evidence = (*fast.indices, *slow.indices)
    if fast.interval.hi < slow.interval.lo:
        gain = fast.mean_ns - slow.mean_ns
        share = format_percent(-gain / slow.mean_ns)
        return Finding(
            "good",
            f"{fast.backend} is fastest on {model}, {share} before {slow.backend}",
            table.name,
            evidence,
            "their 95 % intervals do not overlap",
            gain,
            "ns",
        )
    return Finding(
        "note",
        f"{fast.backend} and {slow.backend} cannot be ranked on {model}",
        table.name,
        evidence,
        "their 95 % intervals overlap; measure longer, or with more repeats",
    )


def _invalid(table: Table) -> Iterator[Finding]:
    """One finding for the Runs of a model on a backend that do not count for the same reason."""
    groups: dict[tuple[Cell, ...], list[int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if not row["valid"]:
            broken = str(row["reason"]).partition(":")[0]
            groups.setdefault((row["model"], row["backend"], broken), []).append(index)
    for (model, backend, _), members in groups.items():
        runs = "The run" if len(members) == 1 else f"{len(members)} runs"
        verb = "does" if len(members) == 1 else "do"
        first = rows[members[0]]
        yield Finding(
            "bad",
            f"{runs} of {model} on {backend} {verb} not count",
            table.name,
            tuple(members),
            str(first["reason"]),
            advice=str(first["fix"] or ""),
        )
