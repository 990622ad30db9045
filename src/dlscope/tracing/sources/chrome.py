"""Reads Chrome's trace events: those that dlscope writes, exactly, and those of other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.trace import (
    COLUMNS,
    SPAN_KINDS,
    UNRESOLVED,
    Level,
    Trace,
    attributes_text,
)
from dlscope.tracing.columns import SpanColumns
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.duplicates import longest_of_each_id
from dlscope.tracing.sources.event_times import EventTimes, Interval
from dlscope.tracing.sources.event_values import (
    BLANK,
    INT,
    LEVELS,
    LONG,
    attribute,
    column_code,
    integer,
)
from dlscope.tracing.sources.json_events import Event, EventReader
from dlscope.tracing.tracer import Drained

_REQUIRED = {"span_id", "start_ns", "level"}
_INSTANTS = ("i", "I", "R")
_PHASES = ("X", "B", "E", *_INSTANTS)
_FIRST_NAMED = 1 << 30
_IN_ARGS = COLUMNS.keys() - {"id", "name", "start_ns", "end_ns", "attributes"}
_AS_NAME = -1  # in the column of types: called like the span


def read_chrome(
    path: Path | bytes,
    clock: EpochClock | None = None,
    *,
    level: Level = Level.APPLICATION,
    strict: bool = False,
) -> Drained:
    """The spans of a file of trace events, in order of start.

    Events that `write_chrome` did not write become spans of `level` with unresolved parents, and
    `clock` brings their times from the wall clock to the trace clock. Raises `DataError` for what
    is no trace, and in strict reading for one that is cut or damaged.
    """
    reader = EventReader(path, strict=strict)
    rows, times = _Rows(level), EventTimes()
    for interval in times.intervals(rows.foreign(reader, times)):
        rows.add_foreign(interval)
    trace, repeated = longest_of_each_id(rows.trace(clock))
    if repeated:
        times.drop("a span id again", repeated)
    return Drained(trace.sorted(), (*reader.diagnostics, *times.diagnostics()))


@final
class _Rows:
    """The spans so far; those of other programs have the id 0 until all are read."""

    def __init__(self, level: Level) -> None:
        self._columns = SpanColumns(*COLUMNS)
        self._level = level
        self._usual: dict[str, int] | None = None
        self._is_complete = False
        blank = {name: getattr(BLANK, name) for name in COLUMNS if name != "attributes"}
        self._blank = {name: self._code(name, blank.get(name, "{}")) for name in COLUMNS}
        self._blank["id"] = 0

    def foreign(self, reader: EventReader, times: EventTimes) -> Iterator[Event]:
        """The events that are not dlscope's own; its own become spans on the way."""
        for event in reader:
            args = event.get("args")
            if isinstance(args, dict) and args.keys() >= _REQUIRED:
                if args["level"] in LEVELS:
                    self._add_own(event, args, reader.header)
                else:
                    times.drop("an unknown level")
            elif event.get("ph", "X") in _PHASES:
                yield event

    def _add_own(self, event: Event, args: Event, header: Mapping[str, Any]) -> None:
        if self._usual is None:
            self._usual = self._defaults(header)
        row = self._usual.copy()
        if not self._is_complete:
            row["process"] = self._code("process", event.get("pid"))
            row["thread"] = self._code("thread", event.get("tid"))
        for name in args.keys() & _IN_ARGS:
            row[name] = self._code(name, args[name])
        start_ns = integer(args["start_ns"], LONG)
        row["id"] = integer(args["span_id"], LONG)
        row["name"] = self._columns.place(_text(event.get("name")))
        row["start_ns"] = start_ns
        duration_ns = integer(args.get("duration_ns"), LONG, _duration_ns(event))
        row["end_ns"] = min(start_ns + duration_ns, LONG - 1)
        if args.get("attributes"):
            row["attributes"] = self._columns.place(_attributes(args["attributes"]))
        if row["type"] == _AS_NAME:
            row["type"] = row["name"]
        self._columns.add(*row.values())

    def _defaults(self, header: Mapping[str, Any]) -> dict[str, int]:
        """What a span of dlscope's has in each column where its event does not tell it."""
        own = header.get("dlscope")
        told = own.get("defaults") if isinstance(own, dict) else None
        defaults = told if isinstance(told, dict) else {}
        self._is_complete = "process" in defaults
        known = {name: defaults.get(name, getattr(BLANK, name)) for name in _IN_ARGS}
        usual = {name: self._code(name, known[name]) if name in known else 0 for name in COLUMNS}
        return {**usual, "attributes": self._columns.place("{}")}

    def _code(self, column: str, value: Any) -> int:
        """A value of the file as its column holds it, the blank one for what cannot be."""
        if column == "type" and value is None:
            return _AS_NAME
        return column_code(self._columns, column, value)

    def add_foreign(self, interval: Interval) -> None:
        """One span of another program."""
        event, place = interval.event, self._columns.place
        args = event.get("args")
        told = args if isinstance(args, dict) else {}
        attributes = {key: attribute(each) for key, each in told.items() if each is not None}
        if interval.is_truncated:
            attributes["truncated"] = True
        row = {
            "parent_id": UNRESOLVED,
            "level": self._level,
            "kind": SPAN_KINDS.index("sync" if event.get("ph") not in _INSTANTS else "instant"),
            "name": place(_text(event.get("name"))),
            "type": place(_text(event.get("cat"))),
            "process": self._number(event.get("pid"), INT),
            "thread": self._number(event.get("tid"), LONG),
            "start_ns": interval.start_ns,
            "end_ns": interval.end_ns,
            "attributes": place(attributes_text(attributes)),
        }
        self._columns.add(*{**self._blank, **row}.values())

    def _number(self, value: Any, limit: int) -> int:
        """A process or a thread, which other programs may give a name instead."""
        number = integer(value, limit, -1)
        if number != -1 or value is None:
            return number
        return _FIRST_NAMED + self._columns.place(str(value))

    def trace(self, clock: EpochClock | None) -> Trace:
        """All spans; those of other programs are numbered after dlscope's own."""
        columns = self._columns.arrays()
        is_foreign = columns["id"] == 0
        first = int(columns["id"].max(initial=0)) + 1
        columns["id"] = np.where(is_foreign, first + np.cumsum(is_foreign) - 1, columns["id"])
        if clock is not None:
            for name in ("start_ns", "end_ns"):
                moved = clock.to_monotonic(columns[name])
                columns[name] = np.where(is_foreign, moved, columns[name])
        return self._columns.trace(columns)


def _duration_ns(event: Event) -> int:
    duration_us = event.get("dur", 0)
    is_time = isinstance(duration_us, int | Decimal) and 0 <= duration_us < LONG // 1000
    return round(duration_us * 1000) if is_time else 0


def _attributes(told: Any) -> str:
    """The text of attributes, which the file has as an object, or as a string for lack of NaN."""
    if isinstance(told, str):
        return told if _is_attributes(told) else "{}"
    if not isinstance(told, dict):
        return "{}"
    return attributes_text({key: attribute(value) for key, value in told.items()})


def _is_attributes(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
