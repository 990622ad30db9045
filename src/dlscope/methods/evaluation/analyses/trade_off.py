"""`TradeOff`: what accuracy costs in latency and in throughput, and what nothing beats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.direction import is_error
from dlscope.methods.evaluation.analyses.front import front
from dlscope.methods.evaluation.analyses.point import Point, points

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("system", "str", "name of the machine", priority=3),
    Column("dataset", "str", "data set the accuracy was measured on", priority=3),
    Column("metric", "str", "headline metric of the task", priority=3),
    Column("n", "int", "items it was measured on", role="count", priority=3),
    Column("accuracy", "float", "the metric", None, "value", 1, "accuracy_lo", "accuracy_hi"),
    Column("accuracy_lo", "float", "lower end of its 95 % interval", None, "interval", 2),
    Column("accuracy_hi", "float", "upper end of its 95 % interval", None, "interval", 2),
    Column("mean_ns", "int", "online trimmed mean", "ns", "value", 1, "ci_lo_ns", "ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("throughput_per_s", "float", "most items per second over batches", "1/s", "value", 1),
    Column("graph_bytes", "int", "size of the graph file", "bytes", "value", 2),
    Column("latency_front", "bool", "nothing is more accurate and faster to answer", priority=2),
    Column("throughput_front", "bool", "nothing is more accurate and answers more", priority=2),
    Column("reason", "str", "why it has no place among the others", priority=3),
)

_LISTED = 6


@final
class TradeOff(Analysis):
    """One row per model, framework and machine; fronts among rows of one data set and metric."""

    name: ClassVar[str] = "trade_off"
    doc: ClassVar[str] = "What accuracy costs in latency and throughput."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [_record(point) for point in points(runs)]
        for group in _comparable(records):
            _mark(group, "latency_front", "mean_ns", -1.0)
            _mark(group, "throughput_front", "throughput_per_s", 1.0)
        return Table.of(
            "trade_off",
            _COLUMNS,
            records,
            title="Accuracy against speed",
            note="A row is on a front when no other is at least as good in both and better in one.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_beaten(table))


def _record(point: Point) -> dict[str, Cell]:
    headline, online = point.headline, point.online
    plan = point.plan
    record: dict[str, Cell] = {
        "model": plan.model.name,
        "backend": plan.framework.label,
        "version": plan.framework.version,
        "system": point.system,
        "dataset": plan.dataset.name,
        "throughput_per_s": max(point.throughput.values(), default=None),
        "graph_bytes": point.graph_bytes,
        "reason": _reason(point),
    }
    if headline is not None:
        record |= {"metric": headline.name, "n": headline.n, "accuracy": headline.value}
        record |= {"accuracy_lo": headline.lo, "accuracy_hi": headline.hi}
    if online is not None:
        record |= {"mean_ns": round(online.mean_ns)}
        record |= {"ci_lo_ns": round(online.interval.lo), "ci_hi_ns": round(online.interval.hi)}
    return record


def _reason(point: Point) -> str | None:
    missing = []
    if point.headline is None:
        missing.append("no accuracy was measured")
    if point.online is None and not point.throughput:
        missing.append("no latency was measured")
    elif point.online is None:
        missing.append("no latency of single items was measured")
    if missing and point.reason is not None:
        missing.append(point.reason)
    return "; ".join(missing) or None


def _comparable(records: Sequence[dict[str, Cell]]) -> Iterator[list[dict[str, Cell]]]:
    """Records whose accuracies mean the same."""
    groups: dict[tuple[Cell, ...], list[dict[str, Cell]]] = {}
    for record in records:
        if record.get("accuracy") is not None:
            key = (record["dataset"], record["metric"], record["n"])
            groups.setdefault(key, []).append(record)
    yield from groups.values()


def _mark(group: Sequence[dict[str, Cell]], flag: str, name: str, sign: float) -> None:
    judged = [record for record in group if record.get(name) is not None]
    up = -1.0 if is_error(str(group[0]["metric"])) else 1.0
    pairs = [(up * float(r["accuracy"] or 0), sign * float(r[name] or 0)) for r in judged]
    for record, is_on in zip(judged, front(pairs), strict=True):
        record[flag] = is_on


def _beaten(table: Table) -> Iterator[Finding]:
    """Models that on every framework are beaten in both accuracy and latency."""
    by_model: dict[Cell, list[tuple[int, Mapping[str, Cell]]]] = {}
    for index, row in enumerate(table):
        if row["latency_front"] is not None:
            by_model.setdefault(row["model"], []).append((index, row))
    on_front = sorted(str(m) for m, rows in by_model.items() if any(_is_on(r) for _, r in rows))
    beaten = {m: rows for m, rows in by_model.items() if not any(_is_on(row) for _, row in rows)}
    if len(by_model) > 1 and beaten:
        yield Finding(
            "note",
            f"Beaten in accuracy and latency at once: {_listed(sorted(map(str, beaten)))}",
            table.name,
            tuple(index for rows in beaten.values() for index, _ in rows),
            f"on the front: {_listed(on_front)}; intervals may overlap",
        )


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _is_on(row: Mapping[str, Cell]) -> bool:
    return bool(row["latency_front"])
