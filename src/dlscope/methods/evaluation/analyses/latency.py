"""`Latency`: how long a query takes, with intervals, and whether the number counts."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.stats import (
    Interval,
    bootstrap_interval,
    percentile,
    trimmed_mean,
)
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.methods.evaluation.analyses.point import OUT_OF_MEMORY, machine_name
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject
from dlscope.methods.evaluation.analyses.throughput import throughput_per_s


def _time(name: str, doc: str, priority: int = 3) -> Column:
    return Column(name, "int", doc, "ns", role="value", priority=priority)


_COMPARABLE = ("model", "dataset", "system", "scenario", "pipeline", "batch_size")
"""What rows must share for their latencies to be ranked."""
_MEAN = "mean without the lowest and the highest fifth"

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("system", "str", "name of the machine", priority=3),
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
    Column("outcome", "str", "finished, failed, aborted, oom, oom_implied or timeout", priority=2),
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
        return (*_ranking(table), *_invalid(table), *_memory_ended(table))


def _record(run: Run) -> Mapping[str, Cell]:
    plan = run.plan
    record: dict[str, Cell] = {
        **subject(run),
        "system": machine_name(run),
        "scenario": plan.scenario.name,
        "pipeline": plan.scenario.pipeline,
        "batch_size": plan.batch_size,
        "queries": len(run.samples),
        "outcome": run.outcome,
        "valid": run.is_valid,
        "reason": _reason(run),
        "fix": _fix(run),
    }
    if run.samples.ordered_ns.size:
        record.update(_statistics(run))
    return record


def _statistics(run: Run) -> Mapping[str, Cell]:
    ordered, mean = run.samples.ordered_ns, run.samples.trimmed_mean_ns or 0.0
    interval = bootstrap_interval(run.samples.latency_ns, trimmed_mean, seed=run.plan.seed)
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
    duels: dict[tuple[Cell, ...], list[_Duel]] = {}
    for (*about, batch), by_backend in groups.items():
        measured = [
            _Measured(backend, tuple(members), [rows[index] for index in members])
            for backend, members in by_backend.items()
        ]
        if len(measured) > 1:
            fast, slow = sorted(measured, key=lambda each: each.mean_ns)[:2]
            duels.setdefault(tuple(about), []).append(_Duel(batch, fast, slow))
    is_one_machine = len(set(table.column("system"))) == 1
    for (model, _, system, *_), swept in duels.items():
        place = str(model) if is_one_machine else f"{model} (machine {system})"
        ranked = _ranked_over_batches if len(swept) > 1 else _ranked
        yield ranked(table, place, swept)


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


class _Duel(NamedTuple):
    """The two fastest backends at one batch size."""

    batch: Cell
    fast: _Measured
    slow: _Measured

    @property
    def is_decided(self) -> bool:
        return self.fast.interval.hi < self.slow.interval.lo

    @property
    def gain(self) -> float:
        """How much less time the faster takes, of the slower's."""
        return 1 - self.fast.mean_ns / self.slow.mean_ns

    @property
    def rows(self) -> tuple[int, ...]:
        return (*self.fast.indices, *self.slow.indices)


def _ranked(table: Table, model: str, duels: Sequence[_Duel]) -> Finding:
    """The finding of the one batch size that there is."""
    (duel,) = duels
    fast, slow = duel.fast, duel.slow
    if duel.is_decided:
        return Finding(
            "good",
            f"{fast.backend} is fastest on {model}, {format_percent(duel.gain)} before "
            f"{slow.backend}",
            table.name,
            duel.rows,
            "their 95 % intervals do not overlap",
            fast.mean_ns - slow.mean_ns,
            "ns",
        )
    return Finding(
        "note",
        f"{fast.backend} and {slow.backend} cannot be ranked on {model}",
        table.name,
        duel.rows,
        "their 95 % intervals overlap; measure longer, or with more repeats",
    )


def _ranked_over_batches(table: Table, model: str, duels: Sequence[_Duel]) -> Finding:
    """One finding for a sweep: who is fastest at which batch sizes, and where none is."""
    wins: dict[str, list[_Duel]] = {}
    for duel in duels:
        if duel.is_decided:
            wins.setdefault(duel.fast.backend, []).append(duel)
    rows = tuple(row for duel in duels for row in duel.rows)
    open_ = [duel for duel in duels if not duel.is_decided]
    left = f"at batch {_batches(open_)} the 95 % intervals overlap" if open_ else ""
    if not wins:
        return Finding("note", f"No backend is fastest on {model}", table.name, rows, left)
    gains = [duel.gain for won in wins.values() for duel in won]
    before = f"by {_range(gains)} of the next one's time"
    if len(wins) == 1:
        (backend, won), *_ = wins.items()
        where = f"at batch {_batches(won)}" if open_ else "at every batch size"
        claim = f"{backend} is fastest on {model}, {where}"
    else:
        said = ", ".join(f"{backend} at {_batches(won)}" for backend, won in wins.items())
        claim = f"Which backend is fastest on {model} depends on the batch: {said}"
    return Finding("good", claim, table.name, rows, "; ".join(filter(None, (before, left))))


def _batches(duels: Sequence[_Duel]) -> str:
    return ", ".join(str(duel.batch) for duel in duels)


def _range(shares: Sequence[float]) -> str:
    low, high = format_percent(min(shares)), format_percent(max(shares))
    return high if low == high else f"{min(shares) * 100:.0f}–{high}"


def _invalid(table: Table) -> Iterator[Finding]:
    """One finding for the Runs of a model on a backend that do not count for the same reason."""
    groups: dict[tuple[Cell, ...], list[int]] = {}
    rows = list(table)
    swept = {_pair(row) for row in rows if row["mean_ns"] is not None}
    for index, row in enumerate(rows):
        if not row["valid"] and not (_is_out_of_memory(row) and _pair(row) in swept):
            broken = str(row["reason"]).partition(":")[0]
            groups.setdefault((*_pair(row), broken), []).append(index)
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


def _memory_ended(table: Table) -> Iterator[Finding]:
    """Where a sweep of batches met the end of memory; what fitted still counts."""
    groups: dict[tuple[Cell, Cell], list[tuple[int, int]]] = {}
    rows = list(table)
    swept = {_pair(row) for row in rows if row["mean_ns"] is not None}
    for index, row in enumerate(rows):
        if _is_out_of_memory(row) and _pair(row) in swept:
            groups.setdefault(_pair(row), []).append((int(row["batch_size"] or 0), index))
    for (model, backend), members in groups.items():
        sizes = sorted({size for size, _ in members})
        larger = ", ".join(map(str, sizes[1:]))
        yield Finding(
            "warn",
            f"Batch {sizes[0]} of {model} on {backend} ran out of memory",
            table.name,
            tuple(index for _, index in members),
            "what fitted counts" + (f"; batch {larger} not tried" if larger else ""),
            advice="raise memory_limit, or leave the larger batches out",
        )


def _pair(row: Mapping[str, Cell]) -> tuple[Cell, Cell]:
    return row["model"], row["backend"]


def _is_out_of_memory(row: Mapping[str, Cell]) -> bool:
    return row["outcome"] in OUT_OF_MEMORY
