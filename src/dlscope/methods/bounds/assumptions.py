"""What each bound of a model is, and what it takes for granted, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.table import Cell, Column, Table

_COLUMNS = (
    Column("bound", "str", "which bound", role="id"),
    Column("latency_ns", "int", "no less than this", "ns", "value"),
    Column("measured_over_bound", "float", "latency of the baseline ÷ the bound", role="value"),
    Column("assumes", "str", "what it takes for granted"),
)
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "roofline_ns": ("roofline floor F", "every layer at the measured peaks of the machine"),
    "parallel_ns": ("parallel P", "layers that need nothing of each other overlap without limit"),
    "fused_ns": ("fused S_f", "the fastest implementation of each layer or fused group"),
    "layout_ns": ("with layouts S_l", "the fastest ways that fit together, changes of layout paid"),
    "sequential_ns": ("sequential S", "the fastest implementation of each layer, one by one"),
}


def assumptions_table(bounds: Table) -> Table:
    """The bounds of the first row of the table `bounds`, the least first; empty without one."""
    row = next(iter(bounds), {})
    records: list[Mapping[str, Cell]] = [
        {
            "bound": name,
            "latency_ns": row[column],
            "measured_over_bound": _ratio(row.get("measured_ns"), row[column]),
            "assumes": assumed,
        }
        for column, (name, assumed) in _BOUNDS.items()
        if row.get(column) is not None
    ]
    records.sort(key=lambda record: record["latency_ns"] or 0)
    title = "Bounds"
    return Table.of("assumptions", _COLUMNS, records, title=title, note=str(row.get("backend", "")))


def _ratio(measured: Cell, bound: Cell) -> float | None:
    return float(measured) / float(bound) if measured and bound else None
