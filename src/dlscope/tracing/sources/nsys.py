"""Reads what Nsight Systems exports as SQLite: ranges of NVTX, calls of CUDA, work on devices.

Each kind of event is a table of its own; which columns it has changes with the version, so only
those that are there are asked for. Times are ns since the session began, names are places in
`StringIds`, and a call shares its `correlationId` with what it had the device do. A `globalTid`
holds the process in its bits 24 to 47 and the thread below. Ranges of NVTX that are pushed and
popped nest on their thread; those that are started and ended anywhere need not and are left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from dlscope.core.errors import DataError
from dlscope.core.trace import (
    SPAN_KINDS,
    UNRESOLVED,
    Attribute,
    Level,
    SpanKind,
    Trace,
    attributes_text,
)
from dlscope.tracing.columns import SpanColumns
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.event_times import INCOMPLETE_SHARE, LONGEST_NS
from dlscope.tracing.sources.event_values import INT, LONG, attribute, integer
from dlscope.tracing.tracer import Diagnostic, Drained

NAME = "nsight-systems"
_COLUMNS = (
    *("level", "kind", "correlation_id", "name", "type", "process", "thread"),
    *("device", "stream", "start_ns", "end_ns", "attributes"),
)
_TEXTS, _SESSION = "StringIds", "TARGET_INFO_SESSION_START_TIME"
_COPIES = {1: "HtoD", 2: "DtoH", 8: "DtoD", 10: "PtoP"}
"""Kinds of copies, by CUPTI's numbers: from host or device to host or device, between devices."""
_ID_BITS, _ID_MASK = 24, (1 << 24) - 1
_PUSHED, _STARTED = 59, 60
"""Types of NVTX events that are ranges."""
_LATEST_NS = 1 << 61
_HEADER = b"SQLite format 3\x00"

Row = Mapping[str, Any]


class _Kind(NamedTuple):
    """A table: the level of its events, the column of their names, what else to keep of them."""

    level: Level
    kind: SpanKind
    type: str
    names: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}


_TABLES: Mapping[str, _Kind] = {
    "NVTX_EVENTS": _Kind(Level.LAYER, "sync", "nvtx", ("text", "textId")),
    "CUPTI_ACTIVITY_KIND_RUNTIME": _Kind(Level.LIBRARY, "launch", "cuda_runtime", ("nameId",)),
    "CUPTI_ACTIVITY_KIND_KERNEL": _Kind(
        *(Level.KERNEL, "execution", "kernel", ("demangledName", "shortName")),
        {
            "registersPerThread": "registers_per_thread",
            "staticSharedMemory": "static_shared_bytes",
            "dynamicSharedMemory": "dynamic_shared_bytes",
        },
    ),
    "CUPTI_ACTIVITY_KIND_MEMCPY": _Kind(
        *(Level.KERNEL, "execution", "gpu_memcpy"), attributes={"bytes": "bytes"}
    ),
    "CUPTI_ACTIVITY_KIND_MEMSET": _Kind(
        *(Level.KERNEL, "execution", "gpu_memset"), attributes={"bytes": "bytes"}
    ),
}
_SIZES = {"grid": ("gridX", "gridY", "gridZ"), "block": ("blockX", "blockY", "blockZ")}


def read_nsys(path: Path, clock: EpochClock | None = None) -> Drained:
    """The spans of an exported report, in order of start; parents are unresolved.

    `clock` brings them to the trace clock; without it they stay on the wall clock, or, where the
    session does not tell when it began, on its own. Raises `DataError` for what is no such file,
    for one that is cut or damaged, and for one without events.
    """
    _require_database(path)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.text_factory = lambda text: text.decode(errors="replace")
            return _read(_Export(database), path, clock)
    # Names of tables and columns are decoded by the driver itself.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _refused(path, f"is damaged: {error}") from error


def _read(export: _Export, path: Path, clock: EpochClock | None) -> Drained:
    known = [name for name in _TABLES if name in export.tables]
    if not known or _TEXTS not in export.tables:
        raise _refused(path, "has no tables of Nsight Systems")
    rows = _Rows(export.texts())
    for name in known:
        rows.add_all(_TABLES[name], export.events(name))
    if not len(rows) and not rows.dropped:
        raise _refused(path, "holds no events")
    began_ns = export.began_ns()
    told = [*rows.diagnostics(), *_clock_diagnostics(began_ns, clock)]
    return Drained(_on_clock(rows.trace(began_ns or 0), clock).sorted(), tuple(told))


@final
class _Export:
    """What of an exported database is asked."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self.tables = {str(name) for (name,) in found}

    def texts(self) -> dict[int, str]:
        """The names by their number."""
        found = self._database.execute(f"SELECT id, value FROM {_TEXTS}")
        return {number: text for number, text in found if isinstance(text, str)}

    def events(self, table: str) -> Iterator[Row]:
        """The rows of one of `_TABLES`, each a mapping of the columns that there are."""
        for row in self._database.execute(f"SELECT * FROM {table}"):
            yield dict(zip(row.keys(), row, strict=True))

    def began_ns(self) -> int | None:
        """When the session began, ns since 1970, None where it does not tell."""
        if _SESSION not in self.tables:
            return None
        row = next(self._database.execute(f"SELECT * FROM {_SESSION}"), None)
        told = None if row is None else dict(zip(row.keys(), row, strict=True)).get("utcEpochNs")
        return integer(told, _LATEST_NS) or None


@final
class _Rows:
    """The spans so far, with times since the session began."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._texts = texts
        self._columns = SpanColumns(*_COLUMNS)
        self.dropped = self._started = 0

    def __len__(self) -> int:
        return len(self._columns)

    def add_all(self, kind: _Kind, events: Iterable[Row]) -> None:
        """Add the events of one table; those without times that can be are counted."""
        for event in events:
            if kind.type == "nvtx" and not self._is_range(event):
                continue
            start_ns, end_ns = (
                integer(event.get(name), _LATEST_NS, -1) for name in ("start", "end")
            )
            if start_ns < 0 or not 0 <= end_ns - start_ns <= LONGEST_NS:
                self.dropped += 1
                continue
            self._add(kind, event, start_ns, end_ns)

    def _is_range(self, event: Row) -> bool:
        """Whether an event of NVTX is a range that nests, and was closed."""
        told = event.get("eventType", _PUSHED)
        self._started += told == _STARTED
        return told == _PUSHED and event.get("end") is not None

    def _add(self, kind: _Kind, event: Row, start_ns: int, end_ns: int) -> None:
        place = self._columns.place
        is_on_device = kind.kind == "execution"
        correlation = integer(event.get("correlationId"), LONG)
        span_kind = "sync" if kind.kind == "launch" and not correlation else kind.kind
        owner = integer(event.get("globalPid" if is_on_device else "globalTid"), LONG)
        self._columns.add(
            kind.level,
            SPAN_KINDS.index(span_kind),
            correlation,
            place(self._name(kind, event)),
            place(kind.type),
            owner >> _ID_BITS & _ID_MASK,
            0 if is_on_device else owner & _ID_MASK,
            integer(event.get("deviceId"), INT) if is_on_device else -1,
            integer(event.get("streamId"), INT) if is_on_device else -1,
            start_ns,
            end_ns,
            place(attributes_text(_attributes(kind, event))),
        )

    def _name(self, kind: _Kind, event: Row) -> str:
        for column in kind.names:
            told = event.get(column)
            name = told if isinstance(told, str) else self._texts.get(integer(told, LONG, -1), "")
            if name:
                return name
        if kind.type == "gpu_memcpy":
            return f"memcpy {_COPIES.get(integer(event.get('copyKind'), INT), 'other')}"
        return kind.type.removeprefix("gpu_")

    def diagnostics(self) -> Iterator[Diagnostic]:
        """How many events had no time that can be, and whether those are too many."""
        if self.dropped:
            yield Diagnostic("dropped", "events without a time that can be", self.dropped)
        if self._started:
            what = "ranges of NVTX that are started and ended anywhere were left out"
            yield Diagnostic("left_out", what, self._started)
        if self.dropped > INCOMPLETE_SHARE * (len(self) + self.dropped):
            yield Diagnostic("incomplete", "more than 1 % of the events were dropped", self.dropped)

    def trace(self, began_ns: int) -> Trace:
        """All of them, with their times moved by `began_ns`."""
        found, size = self._columns.arrays(), len(self)
        moved = {name: found[name] + began_ns for name in ("start_ns", "end_ns")}
        fixed = {
            "id": np.arange(1, size + 1),
            "parent_id": np.full(size, UNRESOLVED),
            "tracer": np.full(size, self._columns.place(NAME)),
        }
        return self._columns.trace({**found, **moved, **fixed})


def _attributes(kind: _Kind, event: Row) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {
        name: attribute(event[column])
        for column, name in kind.attributes.items()
        if event.get(column) is not None
    }
    for name, columns in _SIZES.items():
        sizes = [event.get(column) for column in columns]
        if None not in sizes:
            found[name] = "x".join(map(str, sizes))
    return found


def _on_clock(trace: Trace, clock: EpochClock | None) -> Trace:
    if clock is None:
        return trace
    times = {name: clock.to_monotonic(trace[name]) for name in ("start_ns", "end_ns")}
    return trace.with_columns(**times)


def _clock_diagnostics(began_ns: int | None, clock: EpochClock | None) -> Sequence[Diagnostic]:
    found = []
    if clock is not None and clock.has_step:
        found.append(Diagnostic("clock_step", "the wall clock was set during the run"))
    if began_ns is None:
        what = "the session does not tell when it began: its times are on no known clock"
        found.append(Diagnostic("clock_unknown", what))
    return found


def _require_database(path: Path) -> None:
    try:
        with path.open("rb") as file:
            begins = file.read(len(_HEADER))
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from error
    if begins != _HEADER:
        raise _refused(path, "is no SQLite database")


def _refused(path: Path, why: str) -> DataError:
    return DataError(
        f"{path.name} {why}",
        where=str(path),
        fix="export the report: nsys export --type sqlite report.nsys-rep",
    )
