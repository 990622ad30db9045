"""`ColdStart`: what a first answer waits for, part by part, beside the warm latency."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run, Stage
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, format_percent, scale_for
from dlscope.methods.evaluation.analyses.point import failure
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("batch_size", "int", "items in the first prediction", role="count", priority=3),
    Column("part", "str", "provision, import, hooks, fetch, convert, load or first prediction"),
    Column("duration_ns", "int", "wall time of the part", "ns", "value"),
    Column("cpu_ns", "int", "CPU time of all threads", "ns", "value", 2),
    Column("share", "float", "of the whole cold start", "share", "share"),
    Column("warm_ns", "int", "trimmed mean of a query after the warm-up", "ns", "value", 2),
    Column("times_warm", "float", "duration divided by the warm latency", "×", "value"),
    Column("reason", "str", "why a number is missing", priority=3),
)


@final
class ColdStart(Analysis):
    """One row for each part of the start of each Run; a Run that did not start cold says so."""

    name: ClassVar[str] = "cold_start"
    doc: ClassVar[str] = "What a first answer waits for, beside the warm latency."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of(
            "cold_start",
            _COLUMNS,
            [{**_about(run), **record} for run in runs for record in _parts(run)],
            title="Cold start",
            note="Each part is timed once; files are in the page cache unless they were fetched.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_largest_parts(table))


def _about(run: Run) -> Mapping[str, Cell]:
    return {**subject(run), "batch_size": run.plan.batch_size}


def _parts(run: Run) -> Iterator[Mapping[str, Cell]]:
    if run.stage("load") is None:
        reason = failure(run) or "the model was open already"
        yield {"reason": reason}
        return
    warm = run.samples.trimmed_mean_ns
    total = sum(stage.duration_ns for stage in run.stages)
    for stage in run.stages:
        yield _part(stage, total, warm)


def _part(stage: Stage, total_ns: int, warm_ns: float | None) -> Mapping[str, Cell]:
    return {
        "part": stage.name,
        "duration_ns": stage.duration_ns,
        "cpu_ns": stage.cpu_ns,
        "share": stage.duration_ns / total_ns if total_ns else None,
        "warm_ns": None if warm_ns is None else round(warm_ns),
        "times_warm": stage.duration_ns / warm_ns if warm_ns else None,
        "reason": None if warm_ns else "no warm query was measured",
    }


Numbered = tuple[int, Mapping[str, Cell]]


def _largest_parts(table: Table) -> Iterator[Finding]:
    """For each framework the part that takes most of a start; models that differ stand apart."""
    groups: dict[tuple[Cell, Cell], list[Numbered]] = {}
    for index, row in enumerate(table):
        if row["share"] is not None:
            groups.setdefault((row["backend"], row["model"]), []).append((index, row))
    alike: dict[tuple[Cell, Cell], list[list[Numbered]]] = {}
    for (backend, _), members in groups.items():
        alike.setdefault((backend, _largest(members)), []).append(members)
    for (backend, part), models in alike.items():
        yield _started(table, backend, part, models)


def _started(table: Table, backend: Cell, part: Cell, models: Sequence[list[Numbered]]) -> Finding:
    shares = [_median(members, "share", part) for members in models]
    name = str(models[0][0][1]["model"]) if len(models) == 1 else f"{len(models)} models"
    low, high = format_percent(min(shares)), format_percent(max(shares))
    span = high if low == high else f"{min(shares) * 100:.0f}–{high}"
    rows = tuple(i for members in models for i, row in members if row["part"] == part)
    claim = f"{span} of a cold start of {name} on {backend}: {part}"
    return Finding("note", claim, table.name, rows, _waited(models))


def _largest(members: Sequence[Numbered]) -> Cell:
    parts = dict.fromkeys(row["part"] for _, row in members)
    return max(parts, key=lambda part: _median(members, "share", part))


def _median(members: Sequence[Numbered], name: str, part: Cell) -> float:
    return statistics.median(float(row[name] or 0) for _, row in members if row["part"] == part)


def _waited(models: Sequence[Sequence[Numbered]]) -> str:
    """How long the first answer takes, and how many warm ones fit into that."""
    totals: dict[Cell, float] = {}
    warm: dict[Cell, float] = {}
    for _, row in (each for members in models for each in members):
        totals[row["run"]] = totals.get(row["run"], 0.0) + float(row["duration_ns"] or 0)
        if row["warm_ns"]:
            warm[row["run"]] = float(row["warm_ns"])
    scale = scale_for("ns", list(totals.values()))
    said = f"the first answer comes after {_span([t * scale.factor for t in totals.values()])}"
    said += f" {scale.unit}"
    if warm:
        said += f", as long as {_span([totals[run] / warm[run] for run in warm])} warm queries"
    return said


def _span(values: Sequence[float]) -> str:
    low, high = format_number(min(values)), format_number(max(values))
    return low if low == high else f"{low}–{high}"
