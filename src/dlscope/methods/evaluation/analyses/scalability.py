"""`Scalability`: what larger batches gain in throughput (MLModelScope's heat map)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.point import OUT_OF_MEMORY, Point, failure, points

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("system", "str", "name of the machine", priority=3),
    Column("pipeline", "str", "what a query contains: preloaded, sequential, stream", priority=3),
    Column("batch_size", "int", "items in one query", role="count"),
    Column("throughput_per_s", "float", "items per second, median over repeats", "1/s", "value"),
    Column("speed_up", "float", "throughput divided by that of batch 1", "×", "value"),
    Column("outcome", "str", "finished, or why there is no throughput: oom, failed, …"),
    Column("reason", "str", "why a number is missing", priority=3),
)


@final
class Scalability(Analysis):
    """One row per model, framework, machine and batch size.

    Batches that memory did not hold are rows with their reason.
    """

    name: ClassVar[str] = "scalability"
    doc: ClassVar[str] = "What larger batches gain in throughput."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [
            record
            for point in points([run for run in runs if run.plan.scenario.mode != "accuracy"])
            for mode in sorted({run.plan.scenario.pipeline for run in point.runs})
            for record in _records(point, mode)
        ]
        return Table.of(
            "scalability",
            _COLUMNS,
            records,
            title="Throughput by batch size",
            note="Throughput of a batch divided by that of batch 1, in the same pipeline mode.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_most_gained(table))


def _records(point: Point, mode: str) -> Iterator[Mapping[str, Cell]]:
    runs = tuple(run for run in point.runs if run.plan.scenario.pipeline == mode)
    part = Point(runs)
    single = part.throughput.get(1)
    for batch in sorted({run.plan.batch_size for run in runs}):
        rate = part.throughput.get(batch)
        ended = [run for run in runs if run.plan.batch_size == batch]
        worst = next((run for run in ended if run.status != "finished"), ended[0])
        yield {
            "model": point.plan.model.name,
            "backend": point.plan.framework.label,
            "version": point.plan.framework.version,
            "system": point.system,
            "pipeline": mode,
            "batch_size": batch,
            "throughput_per_s": rate,
            "speed_up": rate / single if rate is not None and single else None,
            "outcome": "finished" if rate is not None else worst.outcome,
            "reason": _reason(rate, single, worst),
        }


def _reason(rate: float | None, single: float | None, run: Run) -> str | None:
    if rate is None:
        return failure(run) or "no query was answered"
    return None if single else "batch 1 was not measured"


def _most_gained(table: Table) -> Iterator[Finding]:
    """Which row of the heat map gains most, beside the most that any other does."""
    best: dict[tuple[Cell, ...], tuple[float, int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if row["speed_up"] is not None and row["batch_size"] != 1:
            key = (row["model"], row["backend"], row["version"], row["system"], row["pipeline"])
            best[key] = max((float(row["speed_up"]), -index), best.get(key, (0.0, 0)))
    if not best:
        return
    (gain, place), *others = sorted(best.values(), reverse=True)
    top = rows[-place]
    elsewhere = f", at most {others[0][0]:.2f}× elsewhere" if others else ""
    what = f"{top['model']} on {top['backend']}"
    claim = f"Batching gains most for {what}" if others else f"What batching gains {what}"
    memory = [i for i, row in enumerate(rows) if row["outcome"] in OUT_OF_MEMORY]
    yield Finding(
        "note",
        f"{claim}: {gain:.2f}× at batch {top['batch_size']}{elsewhere}",
        table.name,
        (-place, *memory),
        f"{len(memory)} batch sizes did not fit into memory" if memory else "",
    )
