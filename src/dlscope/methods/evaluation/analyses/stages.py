"""`Stages`: where the time of a start and of an item goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.analysis import Analysis
from dlscope.core.manifest import ModelManifest
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level, Span, Trace
from dlscope.core.units import format_percent
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("pipeline", "str", "preloaded, sequential or stream", priority=3),
    Column("part", "str", "start: once per Run; item: for each item of the accuracy pass"),
    Column("stage", "str", "what was timed"),
    Column("count", "int", "how many intervals the mean is taken over", role="count", priority=3),
    Column("mean_ns", "int", "trimmed mean per item", "ns", "value", 1, "ci_lo_ns", "ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("cpu_ns", "int", "CPU time of all threads, mean per item", "ns", "value", 2),
    Column("share", "float", "part of the sum over this part's stages", "share", "share"),
)
_PREPARATION = ("decode", "preprocess")
_MUCH = 0.25
_DECODERS = ("decode", "decode_audio")
_DRAWN, _DRAWING = "draw", ("constant", "random")


Times = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Wall and CPU time in ns, one entry per span."""


@final
class Stages(Analysis):
    """The cold start part by part, then the mean item part by part.

    Inputs that are all made from nothing are drawn, not prepared: that work is of the measurement.
    """

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
        rows = list(table)
        shares = _preparation_shares(rows)
        if max(shares.values(), default=0.0) <= _MUCH:
            return ()
        low, high = min(shares.values()), max(shares.values())
        span = format_percent(high)
        if format_percent(low) != span:
            span = f"{low * 100:.0f}–{span}"
        evidence = tuple(i for i, row in enumerate(rows) if row["stage"] in _PREPARATION)
        return (
            Finding(
                "note",
                f"Preparing an item takes {span} of its time",
                table.name,
                evidence,
                "with pipeline: stream it overlaps the prediction",
            ),
        )


def _preparation_shares(rows: Sequence[Mapping[str, Cell]]) -> Mapping[Cell, float]:
    """Share of preparation in the time of an item, by Run; of Runs that show whole items.

    Where only the prediction was measured, items were merely prepared beforehand.
    """
    whole = {row["run"] for row in rows if row["stage"] == "predict"}
    shares: dict[Cell, float] = {}
    for row in rows:
        is_preparation = row["stage"] in _PREPARATION and row["pipeline"] != "stream"
        if is_preparation and row["run"] in whole:
            shares[row["run"]] = shares.get(row["run"], 0.0) + float(row["share"] or 0)
    return shares


def _start(run: Run) -> Iterator[Mapping[str, Cell]]:
    total = sum(stage.duration_ns for stage in run.stages)
    for stage in run.stages:
        yield {
            **subject(run),
            "pipeline": run.plan.scenario.pipeline,
            "part": "start",
            "stage": stage.name,
            "count": 1,
            "mean_ns": stage.duration_ns,
            "cpu_ns": stage.cpu_ns,
            "share": stage.duration_ns / total if total else None,
        }


def _items(run: Run) -> Iterator[Mapping[str, Cell]]:
    means = _per_item_stages(run.trace)
    if _is_drawn(run.plan.model):
        means = {_DRAWN if name == "preprocess" else name: each for name, each in means.items()}
    total = sum(wall.mean() for wall, _ in means.values() if wall.size)
    for name, (wall, cpu) in means.items():
        if not wall.size:
            continue
        mean = float(trimmed_mean(np.sort(wall)))
        interval = bootstrap_interval(wall, trimmed_mean, seed=run.plan.seed)
        yield {
            **subject(run),
            "pipeline": run.plan.scenario.pipeline,
            "part": "item",
            "stage": name,
            "count": int(wall.size),
            "mean_ns": round(mean),
            "ci_lo_ns": round(interval.lo),
            "ci_hi_ns": round(interval.hi),
            "cpu_ns": round(float(trimmed_mean(np.sort(cpu)))),
            "share": float(wall.mean() / total),
        }


def _is_drawn(model: ModelManifest) -> bool:
    return all(
        each.preprocess and each.preprocess[0].name in _DRAWING for each in model.inputs
    ) and not model.has_hook("preprocess")


def _per_item_stages(trace: Trace) -> Mapping[str, Times]:
    """Wall and CPU time of each item by stage; decoding is told apart from other preparation."""
    prepared = _per_item(trace.named("preprocess"))
    decoded = _per_item([span for name in _DECODERS for span in trace.named(name)])
    stages = {"predict": _per_item(trace.named("predict"))}
    stages["postprocess"] = _per_item(trace.named("postprocess"))
    if decoded[0].size and decoded[0].size == prepared[0].size:
        rest = (prepared[0] - decoded[0], prepared[1] - decoded[1])
        return {"decode": decoded, "preprocess": rest, **stages}
    return {"preprocess": prepared, **stages}


def _per_item(spans: Sequence[Span]) -> Times:
    pipeline = [span for span in spans if span.level == Level.PIPELINE]
    wall = [span.duration_ns / int(span.attributes["n"]) for span in pipeline]
    cpu = [int(span.attributes["cpu_ns"]) / int(span.attributes["n"]) for span in pipeline]
    return np.array(wall), np.array(cpu)
