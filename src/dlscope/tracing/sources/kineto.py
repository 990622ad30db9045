"""Reads what torch.profiler exports: operators, calls of the CUDA API, and what ran on devices.

The format is that of Chrome's trace events. Times are µs with three decimals since
`baseTimeNanoseconds`, which is on the wall clock; a kernel and the call that launched it share a
`correlation`, an operator and what it called share an `External id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

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
from dlscope.tracing.sources.event_times import EventTimes, Interval
from dlscope.tracing.sources.event_values import INT, LONG, attribute, integer
from dlscope.tracing.sources.json_events import Event, EventReader
from dlscope.tracing.tracer import Diagnostic, Drained

NAME = "torch.profiler"


class _Category(NamedTuple):
    level: Level
    kind: SpanKind = "sync"


_ANNOTATION = _Category(Level.PIPELINE)
_OPERATOR = _Category(Level.LAYER)
_CALL = _Category(Level.LIBRARY, "launch")
_DEVICE = _Category(Level.KERNEL, "execution")
_CATEGORIES = {
    "cpu_op": _OPERATOR,
    "user_annotation": _ANNOTATION,
    "cuda_runtime": _CALL,
    "cuda_driver": _CALL,
    "xpu_runtime": _CALL,
    "xpu_driver": _CALL,
    "kernel": _DEVICE,
    "gpu_memcpy": _DEVICE,
    "gpu_memset": _DEVICE,
}
"""Frames of Python, the profiler's own overhead and flows are left out: they are no work."""
_ATTRIBUTES = {
    "Input Dims": "shapes",
    "Input type": "dtypes",
    "Input Strides": "strides",
    "Concrete Inputs": "inputs",
}
_IN_COLUMNS = {"External id", "external id", "correlation", "device", "stream", "Ev Idx"}
_COLUMNS = (
    *("level", "kind", "correlation_id", "link_id", "name", "type", "process", "thread"),
    *("device", "stream", "start_ns", "end_ns", "attributes"),
)
_UNIQUE = tuple(name for name in _COLUMNS if name not in ("attributes", "link_id"))
_SMALLEST_EPOCH_NS = 10**17  # 1973; times since the start of a machine or a profile are smaller
_NOT_WORD = re.compile(r"\W+")


def read_kineto(
    path: Path | bytes, clock: EpochClock | None = None, *, strict: bool = False
) -> Drained:
    """The spans of a profile, JSON or gzip, in order of start; parents are unresolved.

    `clock` brings them to the trace clock; without it they stay on the wall clock. Raises
    `DataError` for what is no profile, and in strict reading for one that is cut or damaged.
    """
    reader = EventReader(path, strict=strict)
    times, rows = EventTimes(), _Rows()
    for interval in times.intervals(_known(reader)):
        rows.add(interval)
    base_ns = integer(reader.header.get("baseTimeNanoseconds"), LONG)
    trace, duplicates = _without_duplicates(rows.trace(base_ns))
    if duplicates:
        times.drop("the same event again", duplicates)
    told = (*reader.diagnostics, *times.diagnostics(), *_clock_diagnostics(trace, clock, base_ns))
    return Drained(_on_clock(trace, clock).sorted(), told)


def _known(events: EventReader) -> Iterator[Event]:
    return (event for event in events if _text(event.get("cat")) in _CATEGORIES)


@final
class _Rows:
    """The spans so far, with times in ns since the profile's base."""

    def __init__(self) -> None:
        self._columns = SpanColumns(*_COLUMNS)

    def add(self, interval: Interval) -> None:
        event = interval.event
        place = self._columns.place
        category, name = event["cat"], _text(event.get("name"))
        level, kind = _CATEGORIES[category]
        args = event.get("args")
        args = args if isinstance(args, dict) else {}
        correlation = integer(args.get("correlation"), LONG)
        if kind == "launch" and not correlation:
            kind = "sync"
        on_device = kind == "execution"
        self._columns.add(
            level,
            SPAN_KINDS.index(kind),
            correlation,
            integer(args.get("External id", args.get("external id")), LONG),
            place(name),
            place(name if category == "cpu_op" else category),
            0 if on_device else integer(event.get("pid"), INT),
            0 if on_device else integer(event.get("tid"), LONG),
            integer(args.get("device", event.get("pid")), INT) if on_device else -1,
            integer(args.get("stream", event.get("tid")), INT) if on_device else -1,
            interval.start_ns,
            interval.end_ns,
            place(attributes_text(_attributes(args, interval))),
        )

    def trace(self, base_ns: int) -> Trace:
        found = self._columns.arrays()
        size = len(self._columns)
        return self._columns.trace(
            {
                **found,
                "start_ns": found["start_ns"] + base_ns,
                "end_ns": found["end_ns"] + base_ns,
                "process": _processes(found),
                "id": np.arange(1, size + 1),
                "parent_id": np.full(size, UNRESOLVED),
                "tracer": np.full(size, self._columns.place(NAME)),
            }
        )


def _processes(columns: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """The process of each span; what runs on a device belongs to the one that launched it."""
    process, correlation = columns["process"].copy(), columns["correlation_id"]
    host = np.flatnonzero(columns["device"] < 0)
    device = np.flatnonzero(columns["device"] >= 0)
    if not host.size or not device.size:
        return process
    order = host[np.argsort(correlation[host], kind="stable")]
    place = np.searchsorted(correlation[order], correlation[device])
    launch = order[np.minimum(place, order.size - 1)]
    is_found = correlation[launch] == correlation[device]
    process[device] = np.where(is_found, process[launch], process[host[0]])
    return process


def _without_duplicates(trace: Trace) -> tuple[Trace, int]:
    rows = np.stack([trace[name].astype(np.int64) for name in _UNIQUE])
    _, kept = np.unique(rows, axis=1, return_index=True)
    return trace.take(np.sort(kept)), len(trace) - kept.size


def _on_clock(trace: Trace, clock: EpochClock | None) -> Trace:
    if clock is None:
        return trace
    times = {name: clock.to_monotonic(trace[name]) for name in ("start_ns", "end_ns")}
    return trace.with_columns(**times)


def _clock_diagnostics(trace: Trace, clock: EpochClock | None, base_ns: int) -> list[Diagnostic]:
    found = []
    if clock is not None and clock.has_step:
        found.append(Diagnostic("clock_step", "the wall clock was set during the run"))
    if not base_ns and len(trace) and int(trace["start_ns"].max()) < _SMALLEST_EPOCH_NS:
        what = "the profile does not tell its baseTimeNanoseconds: its times are on no known clock"
        found.append(Diagnostic("clock_unknown", what))
    return found


def _attributes(args: Event, interval: Interval) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {
        _ATTRIBUTES.get(key) or _NOT_WORD.sub("_", key).lower(): attribute(value)
        for key, value in args.items()
        if key not in _IN_COLUMNS and value is not None
    }
    if interval.is_truncated:
        found["truncated"] = True
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
