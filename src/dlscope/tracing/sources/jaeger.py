"""Reads Jaeger's JSON, which the tracing server of MLModelScope and XSP exports.

The level of a span is its tag `trace_level`: a name of the papers or a number from 0 to 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlscope.core.errors import DataError
from dlscope.core.trace import UNRESOLVED, Attribute, Level, Trace, attributes_text
from dlscope.tracing.columns import SpanColumns
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.byte_chunks import chunks
from dlscope.tracing.sources.duplicates import longest_of_each_id
from dlscope.tracing.sources.event_values import INT, LONG, attribute, integer
from dlscope.tracing.sources.hex_ids import span_id
from dlscope.tracing.sources.json_window import CutError, DamagedError, JsonWindow
from dlscope.tracing.tracer import Diagnostic, Drained

_COLUMNS = (
    *("id", "parent_id", "level", "name", "tracer", "process"),
    *("start_ns", "end_ns", "attributes"),
)
_LEVEL_TAG = "trace_level"
_NO_TRACE, _SUFFIX = "NO_TRACE", "_TRACE"
_NUMBERED = (
    *(Level.NONE, Level.APPLICATION, Level.MODEL, Level.LAYER),
    *(Level.LIBRARY, Level.KERNEL, Level.COUNTER, Level.COUNTER),
)
_NS = 1000  # ns in a µs


def read_jaeger(
    path: Path, clock: EpochClock | None = None, *, level: Level = Level.APPLICATION
) -> Drained:
    """The spans of all traces of a file, in order of start, with the parents that it gives.

    Spans that tell no level are of `level`. Raises `DataError` for what is no such file, and
    `PlanError` for the name of a level that does not exist.
    """
    columns, dropped = SpanColumns(*_COLUMNS), 0
    for trace in _traces(path):
        processes = trace.get("processes")
        owners = processes if isinstance(processes, dict) else {}
        for span in _objects(trace.get("spans")):
            dropped += not _add(columns, span, owners, level)
    if not len(columns) and not dropped:
        raise _refused(path, "holds no spans")
    found, repeated = longest_of_each_id(_on_clock(columns, clock))
    told = []
    if dropped + repeated:
        what = "spans without an id or a time, or of an id that was there, were left out"
        told.append(Diagnostic("dropped", what, dropped + repeated))
    return Drained(found.sorted(), tuple(told))


def _traces(path: Path) -> list[dict[str, Any]]:
    try:
        window = JsonWindow(chunks(path))
        found = window.value() if window.peek() == "{" else None
    except (CutError, DamagedError):
        found = None
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise _refused(path, "is not Jaeger's JSON")
    return _objects(found["data"])


def _add(
    columns: SpanColumns, span: Mapping[str, Any], owners: Mapping[str, Any], level: Level
) -> bool:
    """Add one span; whether it could be."""
    number = span_id(span.get("spanID"))
    start_us = integer(span.get("startTime"), LONG // _NS, -1)
    duration_us = integer(span.get("duration"), LONG // _NS, -1)
    if not number or start_us < 0 or duration_us < 0:
        return False
    owner = owners.get(str(span.get("processID")))
    owner = owner if isinstance(owner, dict) else {}
    tags = _tags(span)
    told = tags.pop(_LEVEL_TAG, None)
    columns.add(
        number,
        _parent(span),
        level if told is None else _level(told),
        columns.place(str(span.get("operationName", ""))),
        columns.place(str(owner.get("serviceName", ""))),
        integer(_tags(owner).get("pid"), INT),
        start_us * _NS,
        (start_us + duration_us) * _NS,
        columns.place(attributes_text(tags)),
    )
    return True


def _level(told: Attribute) -> Level:
    if isinstance(told, str) and not told.isdecimal():
        name = told.upper()
        return Level.named(name if name == _NO_TRACE else name.removesuffix(_SUFFIX))
    number = integer(told, len(_NUMBERED), -1)
    return _NUMBERED[number] if number >= 0 else Level.named(str(told))


def _parent(span: Mapping[str, Any]) -> int:
    """The span that this one is a child of; unresolved where it only names one by no id."""
    for each in _objects(span.get("references")):
        if each.get("refType") == "CHILD_OF":
            return span_id(each.get("spanID")) or UNRESOLVED
    return span_id(span.get("parentSpanID"))


def _tags(owner: Mapping[str, Any]) -> dict[str, Attribute]:
    return {
        each["key"]: attribute(each["value"])
        for each in _objects(owner.get("tags"))
        if isinstance(each.get("key"), str) and each.get("value") is not None
    }


def _on_clock(columns: SpanColumns, clock: EpochClock | None) -> Trace:
    found = columns.arrays()
    if clock is not None:
        found |= {name: clock.to_monotonic(found[name]) for name in ("start_ns", "end_ns")}
    return columns.trace(found)


def _objects(values: Any) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _refused(path: Path, why: str) -> DataError:
    return DataError(
        f"{path.name} {why}",
        where=str(path),
        fix='give what Jaeger exports, {"data": [traces…]}, plain or gzip',
    )
