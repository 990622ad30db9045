"""The layers at a glance: latency, what libraries do of it, and how near to the roof each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.profiling.analyses.base import BATCH, SUBJECT, accumulated

_COLUMNS = (
    *SUBJECT,
    BATCH,
    Column("index", "int", "place in the order of execution", role="id"),
    Column("layer", "str", "name of the layer"),
    Column("type", "str", "its operator"),
    Column("output", "str", "shape of its first result", priority=2),
    Column(
        *("latency_us", "float", "latency from the run M/L", "µs", "value"),
        lo="latency_lo_us",
        hi="latency_hi_us",
    ),
    Column("latency_lo_us", "float", "lower end of its 95 % interval", "µs", "interval"),
    Column("latency_hi_us", "float", "upper end of its 95 % interval", "µs", "interval"),
    Column("share", "float", "by the latency of the model", "share", "share"),
    Column("cumulative", "float", "this layer and all that take longer", "share", "value", 2),
    Column("compute", "float", "of it in calls that compute", "share", "value", 2),
    Column("movement", "float", "of it in calls that move data", "share", "value", 2),
    Column("glue", "float", "of it outside of library calls", "share", "value", 2),
    Column("gflops", "float", "work by latency", "GFLOP/s", "value"),
    Column("intensity", "float", "work by bytes of memory", "flop/byte", "value", 2),
    Column("of_attainable", "float", "throughput by what the machine can do", "share", "value"),
    Column("bound", "str", "what limits it, were it perfect: compute or memory"),
)
_KEY = (*(column.name for column in SUBJECT), BATCH.name, "index")


def layer_summary(tables: Mapping[str, Table]) -> Table:
    """One row for each layer of each profile, the slowest first, from A2, A3, A14 and A17."""
    intervals, rooflines = _by_place(tables["a3"], "index"), _by_place(tables["a14"], "index")
    calls = _by_place(tables["a17"], "layer_index")
    records: list[dict[str, Cell]] = []
    for rows in _profiles(tables["a2"]):
        ordered = sorted(rows, key=lambda row: (-_number(row["duration_us"]), row["index"]))
        sums = accumulated(_share(row) for row in ordered)
        for row, so_far in zip(ordered, sums, strict=True):
            place = tuple(row[name] for name in _KEY)
            roofline, interval = rooflines.get(place, {}), intervals.get(place, {})
            records.append(
                {
                    **{name: row[name] for name in _KEY},
                    "layer": row["name"],
                    "type": row["type"],
                    "output": row["shape"],
                    "latency_us": row["duration_us"],
                    "latency_lo_us": interval.get("duration_lo_us"),
                    "latency_hi_us": interval.get("duration_hi_us"),
                    "share": _share(row),
                    "cumulative": so_far,
                    **_split(calls.get(place)),
                    "gflops": roofline.get("gflops"),
                    "intensity": roofline.get("intensity"),
                    "of_attainable": roofline.get("efficiency"),
                    "bound": _bound(roofline.get("memory_bound")),
                }
            )
    return Table.of("layers", _COLUMNS, records, note="latency from the run M/L")


def slowest(table: Table, count: int) -> Table:
    """The first `count` rows of each profile."""
    seen: dict[tuple[Cell, ...], int] = {}
    kept = []
    for row in table.rows:
        subject = row[: len(SUBJECT) + 1]
        seen[subject] = seen.get(subject, 0) + 1
        if seen[subject] <= count:
            kept.append(row)
    return Table(table.name, table.columns, tuple(kept), table.title, table.note)


def with_calls(table: Table) -> Table:
    """The rows of A17 in which a library was called."""
    calls = table.column("calls")
    rows = tuple(row for row, count in zip(table.rows, calls, strict=True) if count)
    return Table(table.name, table.columns, rows, table.title, table.note)


def _profiles(table: Table) -> Iterator[list[dict[str, Cell]]]:
    groups: dict[tuple[Cell, ...], list[dict[str, Cell]]] = {}
    for row in table:
        groups.setdefault(tuple(row[name] for name in _KEY[:-1]), []).append(row)
    yield from groups.values()


def _by_place(table: Table, index: str) -> dict[tuple[Cell, ...], Mapping[str, Cell]]:
    return {(*(row[name] for name in _KEY[:-1]), row[index]): row for row in table}


def _split(row: Mapping[str, Cell] | None) -> dict[str, Cell]:
    """Shares of the layer in the run that sees its library calls."""
    if row is None or not row["layer_duration_us"]:
        return {}
    whole = _number(row["layer_duration_us"])
    return {part: _number(row[f"{part}_us"]) / whole for part in ("compute", "movement", "glue")}


def _bound(is_memory_bound: Cell) -> str | None:
    return None if is_memory_bound is None else "memory" if is_memory_bound else "compute"


def _share(row: Mapping[str, Cell]) -> float | None:
    """Of the latency of the model, where the layer has one."""
    return None if row["share_pct"] is None else float(row["share_pct"]) / 100


def _number(cell: Cell) -> float:
    return float(cell or 0)


def columns_of(names: Sequence[str], table: Table) -> tuple[str, ...]:
    """Those of `names` that hold something."""
    return tuple(name for name in names if any(cell is not None for cell in table.column(name)))
