"""Which tables of the analyses are drawn, and of each which rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dlscope.core.report import Section
from dlscope.core.table import Cell, Table
from dlscope.methods.profiling.layer_summary import columns_of, with_calls

Row = Mapping[str, Cell]
_SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "a6": ("Layer types", ("type", "duration_us", "percent")),
    "a17": (
        "Library calls",
        ("layer_index", "layer_name", "calls", "compute_us", "movement_us", "implementations"),
    ),
    "a10": ("Kernels", ("kernel_name", "count", "duration_us", "pct_of_model")),
    "a19": (
        "Device and queue",
        ("device", "stream", "executions", "delay_us", "busy_us", "gap_us", "idle_pct"),
    ),
    "a18": ("Changes of implementation", ("layer_name", "from", "before", "to", "after")),
    "a21": (
        "Differences between profiles",
        ("batch_size", "from", "to", "name", "before_us", "after_us", "ratio", "verdict"),
    ),
    "a20": ("Memory at its peak", ("name", "type", "live_bytes", "held")),
    "a22": ("Energy", ("source", "per_inference_j", "idle_w")),
    "a16": (
        "What measuring cost",
        ("level_set", "model_latency_us", "added_us", "ratio", "verdict", "accounted_pct"),
    ),
}
"""In this order; all other tables are in the JSON."""
_SUBJECT = ("model", "backend")
_OF_TWO = ("a18", "a21")
_CHARACTER = (
    *("latency_us", "dominant_type", "dominant_pct", "memory_bound", "latency_third"),
    *("optimal_batch", "maximum_throughput_per_s", "outside_pct", "host_limited"),
)
_RANKS = (
    *("first", "second", "batch_size", "tau", "model", "ratio"),
    *("difference_in", "difference_pct"),
)
_LAYERS_OF_A_PAIR = 3


def sections(tables: Mapping[str, Table], apart: Sequence[str]) -> Iterator[Section]:
    """Those that have rows to draw; the columns `apart` tell profiles from one another."""
    for name, (title, columns) in _SHOWN.items():
        table = _DRAWN[name](tables[name]) if name in _DRAWN else tables[name]
        if len(table):
            subject = _SUBJECT if name in _OF_TWO else apart
            view = table.view(*subject, *columns_of(columns, table))
            yield Section(title, (view,), note=table.note)


def characterisation_section(tables: Mapping[str, Table], apart: Sequence[str]) -> Section:
    """What sets models apart, and how frameworks rank them."""
    table, ranking = tables["characterisation"], tables["ranking"]
    views = [table.view(*apart, *columns_of(_CHARACTER, table))]
    if len(ranking):
        views.append(ranking.view(*columns_of(_RANKS, ranking)))
    return Section("Characterisation", tuple(views), note=table.note)


def _where(table: Table, holds: Callable[[Row], bool]) -> Table:
    """The rows of which that holds."""
    rows = tuple(cells for cells, row in zip(table.rows, table, strict=True) if holds(row))
    return Table(table.name, table.columns, rows, table.title, table.note)


def _peaks(table: Table) -> Table:
    return _where(table, lambda row: bool(row["peak"]))


def _counted(table: Table) -> Table:
    return _where(table, lambda row: row["per_inference_j"] is not None)


def _greatest(table: Table) -> Table:
    """Of each pair the model, and the layers that changed the most, which come first."""
    seen: dict[tuple[Cell, ...], int] = {}

    def is_among_first(row: Row) -> bool:
        pair = tuple(row[name] for name in (*_SUBJECT, "threads", "batch_size", "from", "to"))
        seen[pair] = seen.get(pair, 0) + 1
        return seen[pair] <= 1 + _LAYERS_OF_A_PAIR

    return _where(table, is_among_first)


_DRAWN: Mapping[str, Callable[[Table], Table]] = {
    "a17": with_calls,
    "a20": _peaks,
    "a21": _greatest,
    "a22": _counted,
}
"""What is left of tables that have more rows than one reads."""
