"""Writes a trace as OTLP in JSON, which collectors and Jaeger read: one request a line.

Ids are dlscope's in hex, times are those of the wall clock, and what OTLP has no field for are
attributes called `dlscope.…`. What ran on a device links to its launch.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlscope.core.trace import COLUMNS, SPAN_KINDS, UNRESOLVED, Level, Span, Trace
from dlscope.core.whole_file import whole_file
from dlscope.tracing.epoch import Anchor

PREFIX = "dlscope."
_OWN = [
    name
    for name in COLUMNS
    if name
    not in (
        *("id", "parent_id", "level", "name", "start_ns", "end_ns"),
        *("tracer", "process", "attributes"),
    )
]
"""The columns that OTLP has no field for: attributes of a span unless they have their default."""
_BATCH = 5_000
_INTERNAL = 1
_LONG = 1 << 63
_BLANK = Span(1, 0, Level.NONE, "", 0, 0)
_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_PAIR = ("run", "tracer", "process", "correlation_id")


def write_otlp(path: Path, trace: Trace, at: Anchor, trace_id: str = "") -> None:
    """Write `trace` to `path`, packed where its name ends in .gz; `at` tells the wall clock.

    `trace_id` has 32 hex digits; by default they are drawn from the trace. Raises OSError.
    """
    name = trace_id or _digest(trace)
    opened = gzip.open if path.suffix == ".gz" else open
    with whole_file(path) as part, opened(part, "wt", encoding="ascii", newline="\n") as text:
        for (process, tracer), spans in _batches(trace, name, at):
            line = json.dumps(_request(process, tracer, spans), separators=(",", ":"))
            text.write(f"{line}\n")


def hex_id(number: int) -> str:
    """The id of a span as OTLP has it."""
    return f"{number % (1 << 64):016x}"


def _digest(trace: Trace) -> str:
    columns = (trace[name].tobytes() for name in ("id", "parent_id", "start_ns", "end_ns"))
    return hashlib.sha256(b"".join(columns)).hexdigest()[:32]


def _batches(
    trace: Trace, trace_id: str, at: Anchor
) -> Iterator[tuple[tuple[int, str], list[dict[str, Any]]]]:
    """Spans of one process and one tracer at a time."""
    launches = _launches(trace)
    order = np.lexsort((trace["start_ns"], trace["tracer"], trace["process"]))
    rows = zip(order.tolist(), trace.take(order), strict=True)
    for owner, group in itertools.groupby(rows, lambda row: (row[1].process, row[1].tracer)):
        while batch := list(itertools.islice(group, _BATCH)):
            spans = []
            for row, span in batch:
                found = {"traceId": trace_id, **_span(span, at)}
                if row in launches:
                    found["links"] = [{"traceId": trace_id, "spanId": hex_id(launches[row])}]
                spans.append(found)
            yield owner, spans


def _launches(trace: Trace) -> dict[int, int]:
    """For the row of each execution the id of its launch."""
    has_id = trace["correlation_id"] != 0
    rows = {
        kind: np.flatnonzero((trace["kind"] == SPAN_KINDS.index(kind)) & has_id)
        for kind in SPAN_KINDS
    }
    keys = {
        kind: list(zip(*(trace[name][rows[kind]].tolist() for name in _PAIR), strict=True))
        for kind in ("launch", "execution")
    }
    ids = dict(zip(keys["launch"], trace["id"][rows["launch"]].tolist(), strict=True))
    pairs = zip(rows["execution"].tolist(), keys["execution"], strict=True)
    return {row: ids[key] for row, key in pairs if key in ids}


def _request(process: int, tracer: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    resource = _attributes({"service.name": "dlscope", "process.pid": process})
    scope = {"scope": {"name": tracer}, "spans": spans}
    return {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]}


def _span(span: Span, at: Anchor) -> dict[str, Any]:
    own = {f"{PREFIX}level": int(span.level)}
    for name in _OWN:
        if (value := getattr(span, name)) != getattr(_BLANK, name):
            own[f"{PREFIX}{name}"] = value
    if span.parent_id == UNRESOLVED:
        own[f"{PREFIX}parent_id"] = UNRESOLVED
    found = {
        "spanId": hex_id(span.id),
        "name": span.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": str(span.start_ns + at.offset_ns),
        "endTimeUnixNano": str(span.end_ns + at.offset_ns),
        "attributes": _attributes({**span.attributes, **own}),
    }
    if span.parent_id not in (0, UNRESOLVED):
        found["parentSpanId"] = hex_id(span.parent_id)
    return found


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -_LONG <= value < _LONG:
        return {"intValue": str(int(value))}
    if isinstance(value, float):
        # JSON has no such numbers; Protobuf writes their names.
        return {"doubleValue": value if math.isfinite(value) else _NAMES[str(value)]}
    return {"stringValue": str(value)}
