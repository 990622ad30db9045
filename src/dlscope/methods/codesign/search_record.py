"""`SearchRecord`: all that a search leaves behind to be told: what was asked, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, final

from dlscope.core.errors import SearchError
from dlscope.core.table import Table
from dlscope.devices.whole_units import whole_units
from dlscope.methods.codesign.tables import SEARCH_TABLES, Record, search_table

SCHEMA_VERSION = 1
SMALLEST = "Smallest reachable"
"""The fact of an infeasible search that tells the least time per result."""

Status = Literal["done", "infeasible", "budget_limited"]


@final
@dataclass(frozen=True)
class SearchRecord:
    """A finished search, as plain data.

    `design` is the identity of the chosen design, None where none meets what was asked.
    `objective` says what designs are judged by: latency or throughput, as the device is, or energy.
    `clock_mhz` belongs to
    devices that have cycles, `input` (channels, height, width) to the space. `facts` are what a
    reader of the report wants to know besides, term and value. `tables` may lack any of those that
    searches have; missing ones are empty.
    """

    title: str
    space: str
    device: str
    seed: int
    status: Status = "done"
    objective: Literal["latency", "throughput", "energy"] = "latency"
    design: str | None = None
    epochs: int = 0
    clock_mhz: float | None = None
    input: tuple[int, int, int] | None = None
    created_utc: str = ""
    run: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table called `name`, without rows where the search has none."""
        return self.tables.get(name) or search_table(name)

    def to_json(self) -> dict[str, Any]:
        """The record as plain data, with its schema's version."""
        own = {name: getattr(self, name) for name in _PLAIN}
        tables = {name: table.to_json() for name, table in sorted(self.tables.items())}
        return {"schema_version": SCHEMA_VERSION, **own, "tables": tables}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record that `to_json` wrote. Raises `SearchError` for another schema."""
        version = data.get("schema_version")
        if version != SCHEMA_VERSION:
            raise SearchError(
                f"the record has schema {version}, this dlscope reads {SCHEMA_VERSION}",
                where=str(data.get("run") or data.get("title") or "record of a search"),
                fix="read it with the dlscope that wrote it, or search again",
            )
        own = {name: data[name] for name in _PLAIN}
        own["input"] = tuple(data["input"]) if data["input"] else None
        own["facts"] = tuple((str(term), str(value)) for term, value in data["facts"])
        own["warnings"] = tuple(data["warnings"])
        tables = {name: _restored(name, each) for name, each in data["tables"].items()}
        return cls(**own, tables=tables)


_PLAIN = (
    "title",
    "space",
    "device",
    "seed",
    "status",
    "objective",
    "design",
    "epochs",
    "clock_mhz",
    "input",
    "created_utc",
    "run",
    "facts",
    "warnings",
)


def _restored(name: str, data: Mapping[str, Any]) -> Table:
    """A table read back, with the roles and intervals of columns that JSON does not keep."""
    read = Table.from_json(name, data)
    if name not in SEARCH_TABLES:
        return read
    counts = [each.name for each in SEARCH_TABLES[name] if each.dtype == "int"]
    return search_table(name, ({**row, **_whole(row, counts)} for row in read))


def _whole(row: Record, counts: Sequence[str]) -> Record:
    """What earlier versions told as shares of a unit, in whole ones."""
    told = {name: row.get(name) for name in counts}
    return {name: whole_units(each) for name, each in told.items() if isinstance(each, float)}
