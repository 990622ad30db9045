"""Runs as the columns of a table: their metrics one a row, and the items that they differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.core.run import ItemResult, Run

_MOST_ITEMS = 12
_LEAST_SPREAD = 1e-3
Said = tuple[float, float | None, float | None]
"""A value with the ends of its 95 % interval, where it has one."""


def side_by_side(runs: Sequence[Run]) -> Table:
    """One row for each metric, one column for each run: the value, then its 95 % interval.

    Values of one row share a unit. A cell is absent where a run has not measured that.
    """
    columns = (
        Column("metric", "str", "what was measured", role="id"),
        Column("unit", "str", "unit of the whole row"),
        *(Column(run.id, "str", _name(run)) for run in runs),
    )
    rows = [_row(name, unit, runs, read) for name, unit, read in _rows(runs)]
    verdicts: dict[str, Cell] = {"metric": "verdict"}
    for run in runs:
        valid = "valid" if run.is_valid else "invalid"
        verdicts[run.id] = valid if run.status == "finished" else run.outcome
    table = [row for row in rows if any(row[run.id] is not None for run in runs)]
    note = "value, then 95 % interval"
    return Table.of("side_by_side", columns, [*table, verdicts], title="Side by side", note=note)


def differing_items(runs: Sequence[Run]) -> Table:
    """The items of which the runs are not equally sure of what is right, the widest spread first.

    Spreads below 0.001 are those of rounding. `index` is the place of the item in the first run.
    Items that a run did not answer count as given no probability.
    """
    columns = (
        Column("index", "int", "place in the data set, from 0", role="count"),
        Column("item", "str", "id of the data set item", role="id"),
        Column("answers", "int", "different answers", role="count"),
        Column("spread", "float", "greatest less least probability of what is right", role="value"),
        *(Column(run.id, "float", f"p(right), {_name(run)}", role="share") for run in runs),
    )
    told = [{item.item: item for item in run.items} for run in runs]
    records = [
        _item(index, item.item, runs, told)
        for index, item in enumerate(runs[0].items if runs else ())
        if all(item.item in each for each in told)
    ]
    differing = [row for row in records if max(_difference(row)) > 0]
    differing.sort(key=_difference, reverse=True)
    note = f"{min(len(differing), _MOST_ITEMS)} of {len(records)}, by spread of p(right)"
    rows = differing[:_MOST_ITEMS]
    title = "Items that differ most"
    return Table.of("differing_items", columns, rows, title=title, note=note)


def _difference(row: Mapping[str, Cell]) -> tuple[float, float]:
    """Spread of the probabilities beyond what rounding makes, and answers beyond the first."""
    spread, answers = float(row["spread"] or 0.0), float(row["answers"] or 1)
    return (spread if spread >= _LEAST_SPREAD else 0.0, answers - 1)


def _name(run: Run) -> str:
    return f"{run.plan.model.name}, {run.plan.framework.name} {run.plan.framework.version}"


def _rows(runs: Sequence[Run]) -> Iterator[tuple[str, str, Callable[[Run], Said | None]]]:
    names = dict.fromkeys(metric.name for run in runs for metric in run.metrics)
    for name in names:
        unit = next((m.unit for run in runs if (m := run.metric(name)) and m.unit), "")
        yield name, unit, _metric(name)
    for p, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99")):
        yield f"latency {name}", "ns", _percentile(p)
    yield "throughput", "1/s", _rate
    yield "load", "ns", lambda run: _stage(run, "load")
    yield "peak memory", "bytes", _peak


def _row(
    name: str, unit: str, runs: Sequence[Run], read: Callable[[Run], Said | None]
) -> dict[str, Cell]:
    from dlscope.core.units import format_interval, format_number, scale_for

    said = {run.id: read(run) for run in runs}
    scale = scale_for(unit or None, [each[0] for each in said.values() if each is not None])
    row: dict[str, Cell] = {"metric": name, "unit": scale.unit or None}
    for run_id, each in said.items():
        if each is None:
            row[run_id] = None
            continue
        value, lo, hi = (None if end is None else end * scale.factor for end in each)
        assert value is not None
        ends = f" {format_interval(lo, hi, value=value)}" if lo is not None else ""
        row[run_id] = f"{format_number(value)}{ends}"
    return row


def _metric(name: str) -> Callable[[Run], Said | None]:
    def read(run: Run) -> Said | None:
        metric = run.metric(name)
        return None if metric is None else (metric.value, metric.lo, metric.hi)

    return read


def _percentile(p: float) -> Callable[[Run], Said | None]:
    def read(run: Run) -> Said | None:
        from dlscope.core.stats import percentile, percentile_interval

        ordered = run.samples.ordered_ns
        if not ordered.size:
            return None
        interval = percentile_interval(run.samples.latency_ns, p)
        return float(percentile(ordered, p)), interval.lo, interval.hi

    return read


def _rate(run: Run) -> Said | None:
    answered, duration_ns = int(run.samples.ordered_ns.size), run.samples.duration_ns
    return (answered / (duration_ns / 1e9), None, None) if answered and duration_ns else None


def _stage(run: Run, name: str) -> Said | None:
    stage = run.stage(name)
    return None if stage is None else (float(stage.duration_ns), None, None)


def _peak(run: Run) -> Said | None:
    peak = run.memory_bytes.get("peak")
    return None if peak is None else (float(peak), None, None)


def _item(
    index: int, item: str, runs: Sequence[Run], told: Sequence[Mapping[str, ItemResult]]
) -> dict[str, Cell]:
    from dlscope.api.items import answer_of

    right = [(each[item].prediction or {}).get("p_label") for each in told]
    known = [0.0 if p is None else float(p) for p in right]
    has_any = any(p is not None for p in right)
    row: dict[str, Cell] = {
        "index": index,
        "item": item,
        "answers": len({answer_of(each[item])[0] for each in told}),
        "spread": max(known) - min(known) if has_any else None,
    }
    pairs = zip(runs, right, strict=True)
    return row | {run.id: None if p is None else float(p) for run, p in pairs}
