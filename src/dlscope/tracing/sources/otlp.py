"""Reads traces in OTLP's JSON, one request or one a line: what collectors write to files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import DataError
from dlscope.core.trace import COLUMNS, Attribute, Level, Trace, attributes_text
from dlscope.tracing.columns import SpanColumns
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.byte_chunks import chunks
from dlscope.tracing.sources.duplicates import longest_of_each_id
from dlscope.tracing.sources.event_values import BLANK, LEVELS, LONG, column_code, integer
from dlscope.tracing.sources.hex_ids import span_id
from dlscope.tracing.sources.json_window import CutError, DamagedError, JsonWindow
from dlscope.tracing.tracer import Diagnostic, Drained

_PREFIX = "dlscope."
_FIX = "give a file of OTLP in JSON, with resourceSpans, one request a line, plain or gzip"
_OWN = COLUMNS.keys() - {"id", "name", "start_ns", "end_ns", "tracer", "process", "attributes"}
_MISSING = -LONG


def read_otlp(
    path: Path | bytes, clock: EpochClock | None = None, *, level: Level = Level.APPLICATION
) -> Drained:
    """The spans of a file, in order of start, on the trace clock if `clock` is given.

    Spans of other programs are of `level`. A file that is cut gives its whole lines. Raises
    `DataError` for what is no OTLP or has no spans.
    """
    rows = _Rows(level)
    for request in rows.requests(path):
        for resource in _objects(request, "resourceSpans"):
            rows.add(resource)
    trace, repeated = longest_of_each_id(rows.trace(clock))
    if not len(trace) and not rows.diagnostics:
        raise rows.refused("holds no spans")
    if repeated:
        rows.diagnostics.append(Diagnostic("dropped", "spans of an id that was there", repeated))
    return Drained(trace.sorted(), tuple(rows.diagnostics))


@final
class _Rows:
    """The spans so far, and what is wrong with their file."""

    def __init__(self, level: Level) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._columns = SpanColumns(*COLUMNS)
        self._level = level
        self._where = self._name = "the trace"

    def requests(self, path: Path | bytes) -> Iterator[Mapping[str, Any]]:
        """The objects of the file, one after the other."""
        if isinstance(path, Path):
            self._where, self._name = str(path), path.name
        window = JsonWindow(chunks(path))
        try:
            while mark := window.peek():
                if mark != "{":
                    raise self.refused("is not JSON")
                found = window.value()
                if isinstance(found, dict):
                    yield found
        except CutError:
            what = f"{self._name} is cut at byte {window.offset_bytes}"
            self.diagnostics.append(Diagnostic("cut", what))
        except DamagedError:
            raise self.refused("is not JSON") from None
        except OSError as error:
            raise self.refused(f"cannot be read: {error.strerror or error}") from error

    def add(self, resource: Mapping[str, Any]) -> None:
        """The spans of one process."""
        of_process = resource.get("resource")
        told = _attributes(of_process if isinstance(of_process, dict) else {})
        for scoped in _objects(resource, "scopeSpans"):
            scope = scoped.get("scope")
            tracer = scope.get("name") if isinstance(scope, dict) else ""
            for span in _objects(scoped, "spans"):
                self._add_span(span, {"tracer": tracer, "process": told.get("process.pid")})

    def _add_span(self, span: Mapping[str, Any], owner: Mapping[str, Any]) -> None:
        attributes = _attributes(span)
        level = attributes.pop(f"{_PREFIX}level", None)
        own = {name: attributes.pop(_PREFIX + name, getattr(BLANK, name)) for name in _OWN}
        own["level"] = level if level in LEVELS else int(self._level)
        own["parent_id"] = own["parent_id"] or span_id(span.get("parentSpanId"))
        row = {name: column_code(self._columns, name, value) for name, value in own.items()}
        row |= {name: column_code(self._columns, name, value) for name, value in owner.items()}
        row["id"] = span_id(span.get("spanId"))
        row["name"] = column_code(self._columns, "name", span.get("name"))
        row["start_ns"] = integer(span.get("startTimeUnixNano"), LONG, _MISSING)
        row["end_ns"] = integer(span.get("endTimeUnixNano"), LONG, _MISSING)
        row["attributes"] = self._columns.place(attributes_text(attributes))
        if row["id"] and _MISSING not in (row["start_ns"], row["end_ns"]):
            self._columns.add(*(row[name] for name in COLUMNS))

    def trace(self, clock: EpochClock | None) -> Trace:
        """All spans."""
        columns = self._columns.arrays()
        for name in ("start_ns", "end_ns"):
            if clock is not None:
                columns[name] = clock.to_monotonic(columns[name])
        return self._columns.trace(columns)

    def refused(self, why: str) -> DataError:
        """The error that says `why` this file cannot be read."""
        return DataError(f"{self._name} {why}", where=self._where, fix=_FIX)


def _objects(owner: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = owner.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _attributes(owner: Mapping[str, Any]) -> dict[str, Attribute]:
    found = {}
    for each in _objects(owner, "attributes"):
        value = each.get("value")
        if isinstance(each.get("key"), str) and isinstance(value, dict):
            found[each["key"]] = _value(value)
    return found


def _value(value: Mapping[str, Any]) -> Attribute:
    if "intValue" in value:
        return integer(value["intValue"], LONG)
    if "doubleValue" in value:
        return _double(value["doubleValue"])
    if "boolValue" in value:
        return bool(value["boolValue"])
    return str(value.get("stringValue", ""))


def _double(value: Any) -> float:
    try:
        return float(value)
    except (ValueError, TypeError):
        return math.nan
