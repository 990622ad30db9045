"""`Systems`: the same model on several machines: latency, throughput, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar, NamedTuple, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.point import Point, machine_name

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("system", "str", "name of the machine"),
    Column("cpu", "str", "its processor", priority=2),
    Column("cores", "int", "cores that may be used", role="count", priority=2),
    Column("accelerator", "str", "its accelerators", priority=2),
    Column("mean_ns", "int", "online trimmed mean", "ns", "value", 1, "ci_lo_ns", "ci_hi_ns"),
    Column("ci_lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("ci_hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("throughput_per_s", "float", "most items per second over batches", "1/s", "value", 1),
    Column("latency_speed_up", "float", "latency of the first system over this one's", "×"),
    Column("throughput_speed_up", "float", "throughput over that of the first system", "×"),
    Column(
        "price_per_hour", "float", "what an hour of the machine costs", role="value", priority=3
    ),
    Column("currency", "str", "of the price", priority=3),
    Column("cost_per_million", "float", "price of 10⁶ items at its most throughput", role="value"),
    Column("reason", "str", "why a number is missing", priority=3),
)


class Machine(NamedTuple):
    """What tells one machine from another; 0 cores and no accelerators where none are known."""

    name: str
    cpu: str
    cores: int
    accelerators: str


@final
class Systems(Analysis):
    """One row per model, framework and machine.

    cost per 10⁶ items = price_per_hour / (throughput · 3600) · 10⁶  (MLModelScope). Speed-ups are
    against the first machine by name that measured the same model on the same framework.
    """

    name: ClassVar[str] = "systems"
    doc: ClassVar[str] = "Latency, throughput and cost on each machine."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [record for group in by_machine(runs) for record in _compared(group)]
        return Table.of(
            "systems",
            _COLUMNS,
            records,
            title="Machines",
            note="Speed-ups are against the first machine by name; above 1 is faster.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return (*_fastest(table), *_cheapest(table))


def cost_per_million(price_per_hour: float, throughput_per_s: float) -> float:
    """Price of 10⁶ items: price_per_hour / (throughput · 3600) · 10⁶."""
    return price_per_hour / (throughput_per_s * 3600) * 1e6


def by_machine(runs: Sequence[Run]) -> Iterator[Mapping[Machine, Point]]:
    """For each model on each framework its Runs by machine, in the order of names."""
    for _, group in groupby(sorted(runs, key=_subject), key=_subject):
        on_machines = groupby(sorted(group, key=_machine), key=_machine)
        yield {machine: Point(tuple(members)) for machine, members in on_machines}


def _subject(run: Run) -> tuple[str, str, str]:
    return run.plan.model.name, run.plan.framework.name, run.plan.framework.version


def _machine(run: Run) -> Machine:
    system = run.environment.system
    cpu: Mapping[str, Any] = system.get("cpu", {})
    cores = cpu.get("effective_cores", cpu.get("cores", 0))
    names = ", ".join(each["name"] for each in system.get("accelerators", ()))
    return Machine(machine_name(run), str(cpu.get("model", "unknown")), int(cores), names)


def _compared(group: Mapping[Machine, Point]) -> Iterator[Mapping[str, Cell]]:
    first_ns: float | None = None
    first_rate: float | None = None
    for machine, point in group.items():
        rate = max(point.throughput.values(), default=None)
        mean_ns = point.online.mean_ns if point.online else None
        first_ns, first_rate = first_ns or mean_ns, first_rate or rate
        yield {
            **_named(point, machine),
            **_latency(point),
            "throughput_per_s": rate,
            "latency_speed_up": first_ns / mean_ns if first_ns and mean_ns else None,
            "throughput_speed_up": rate / first_rate if rate and first_rate else None,
            **_price(point, rate),
        }


def _named(point: Point, machine: Machine) -> Mapping[str, Cell]:
    return {
        "model": point.plan.model.name,
        "backend": point.plan.framework.label,
        "version": point.plan.framework.version,
        "system": machine.name,
        "cpu": machine.cpu,
        "cores": machine.cores or None,
        "accelerator": machine.accelerators or None,
    }


def _latency(point: Point) -> Mapping[str, Cell]:
    online = point.online
    if online is None:
        return {}
    lo, hi = online.interval
    return {"mean_ns": round(online.mean_ns), "ci_lo_ns": round(lo), "ci_hi_ns": round(hi)}


def _price(point: Point, rate: float | None) -> Mapping[str, Cell]:
    system = point.runs[0].environment.system
    price = system.get("price_per_hour")
    missing = [
        said
        for said, is_missing in (
            (point.reason or "no throughput was measured", rate is None),
            ("the system manifest tells no price_per_hour", price is None),
        )
        if is_missing
    ]
    return {
        "price_per_hour": price,
        "currency": system.get("currency"),
        "cost_per_million": cost_per_million(price, rate) if price is not None and rate else None,
        "reason": "; ".join(missing) or None,
    }


def _by_subject(table: Table) -> Iterator[list[tuple[int, dict[str, Cell]]]]:
    def subject(numbered: tuple[int, dict[str, Cell]]) -> tuple[Cell, ...]:
        return tuple(numbered[1][name] for name in ("model", "backend", "version"))

    for _, group in groupby(enumerate(table), key=subject):
        yield list(group)


def _fastest(table: Table) -> Iterator[Finding]:
    """The fastest machine for a model, said only where the intervals decide it."""
    for group in _by_subject(table):
        timed = [each for each in group if each[1]["mean_ns"] is not None]
        if len(timed) < 2:
            continue
        (i, fast), (j, slow) = sorted(timed, key=lambda each: float(each[1]["mean_ns"] or 0))[:2]
        ratio = float(slow["mean_ns"] or 0) / float(fast["mean_ns"] or 1)
        what = f"{fast['model']} on {fast['backend']}"
        if float(fast["ci_hi_ns"] or 0) < float(slow["ci_lo_ns"] or 0):
            claim = f"{fast['system']} is {ratio:.2f}× as fast as {slow['system']} with {what}"
            detail = "their 95 % intervals do not overlap"
        else:
            claim = f"{fast['system']} and {slow['system']} cannot be ranked with {what}"
            detail = "their 95 % intervals overlap; measure longer"
        yield Finding("note", claim, table.name, (i, j), detail)


def _cheapest(table: Table) -> Iterator[Finding]:
    for group in _by_subject(table):
        priced = [each for each in group if each[1]["cost_per_million"] is not None]
        if len(priced) < 2 or len({row["currency"] for _, row in priced}) > 1:
            continue
        order = sorted(priced, key=lambda each: float(each[1]["cost_per_million"] or 0))
        (i, cheap), (j, dear) = order[0], order[-1]
        low, high = (float(row["cost_per_million"] or 0) for row in (cheap, dear))
        yield Finding(
            "note",
            f"{cheap['system']} is cheapest for {cheap['model']} on {cheap['backend']}",
            table.name,
            (i, j),
            f"{low:.3g} {cheap['currency'] or ''} per 10⁶ items, {dear['system']} {high:.3g}",
        )
