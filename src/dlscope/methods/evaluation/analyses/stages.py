"""`Stages`: where the time of a start and of an item goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level, Span
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("part", "str", "start: once per Run; item: for each item of the accuracy pass"),
    Column("stage", "str", "what was timed"),
    Column("count", "int", "how many intervals the mean is taken over", role="count", priority=3),
    Column("mean_ns", "int", "trimmed mean per item", "ns", "value", 1, "ci_lo_ns", "ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("cpu_ns", "int", "CPU time of all threads, mean per item", "ns", "value", 2),
    Column("share", "float", "part of the sum over this part's stages", "share", "share"),
)
_ORDER = ("preprocess", "predict", "postprocess")


@final
class Stages(Analysis):
    """The cold start part by part, then the mean item part by part."""

    name: ClassVar[str] = "stages"
    doc: ClassVar[str] = "Where the time of a start and of an item goes."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [record for run in runs for record in (*_start(run), *_items(run))]
        return Table.of(
            "stages",
            _COLUMNS,
            records,
            note="The start is timed once; items in the accuracy pass, one batch at a time.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                "warn",
                f"Preparing an item takes {float(row['share'] or 0):.0%} of its time "
                f"on {row['backend']}",
                table.name,
                (index,),
                detail="overlap it with the prediction: pipeline: stream",
                gain=-float(row["mean_ns"] or 0),
                gain_unit="ns",
            )
            for index, row in enumerate(table)
            if row["stage"] == "preprocess" and float(row["share"] or 0) > 0.25
        )


def _start(run: Run) -> Iterator[Mapping[str, Cell]]:
    total = sum(stage.duration_ns for stage in run.stages)
    for stage in run.stages:
        yield {
            **subject(run),
            "part": "start",
            "stage": stage.name,
            "count": 1,
            "mean_ns": stage.duration_ns,
            "cpu_ns": stage.cpu_ns,
            "share": stage.duration_ns / total if total else None,
        }


def _items(run: Run) -> Iterator[Mapping[str, Cell]]:
    means = {name: _per_item(run.trace.named(name)) for name in _ORDER}
    total = sum(wall.mean() for wall, _ in means.values() if wall.size)
    for name, (wall, cpu) in means.items():
        if not wall.size:
            continue
        mean = float(trimmed_mean(np.sort(wall)))
        interval = bootstrap_interval(wall, trimmed_mean, seed=run.plan.seed)
        yield {
            **subject(run),
            "part": "item",
            "stage": name,
            "count": int(wall.size),
            "mean_ns": round(mean),
            "ci_lo_ns": round(interval.lo),
            "ci_hi_ns": round(interval.hi),
            "cpu_ns": round(float(trimmed_mean(np.sort(cpu)))),
            "share": float(wall.mean() / total),
        }


def _per_item(spans: Sequence[Span]) -> tuple[np.ndarray, np.ndarray]:
    pipeline = [span for span in spans if span.level == Level.PIPELINE]
    wall = [span.duration_ns / int(span.attributes["n"]) for span in pipeline]
    cpu = [int(span.attributes["cpu_ns"]) / int(span.attributes["n"]) for span in pipeline]
    return np.array(wall), np.array(cpu)
