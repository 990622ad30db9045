"""`HostSpans`: what a profiler saw of the processor, while it is being read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, final

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

_COLUMNS = (
    *("level", "name", "type", "process", "thread"),
    *("start_ns", "end_ns", "cpu_ns", "attributes"),
)


class Caller(NamedTuple):
    """The process and the thread of it, by the numbers that the system gave them."""

    process: int = 0
    thread: int = 0


NOBODY = Caller()
"""Nothing is known of who called."""


@final
class HostSpans:
    """Spans of one tracer, numbered from 1, whose parents are not known.

    `caller` is that of a span that names no other. `to_monotonic` brings starts to the trace
    clock, all at once at the end.
    """

    def __init__(
        self,
        tracer: str,
        caller: Caller = NOBODY,
        *,
        kind: SpanKind = "sync",
        to_monotonic: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
    ) -> None:
        self._columns = SpanColumns(*_COLUMNS)
        self._tracer = self._columns.place(tracer)
        self._caller = caller
        self._kind = SPAN_KINDS.index(kind)
        self._to_monotonic = to_monotonic

    def add(
        self,
        level: Level,
        name: str,
        start_ns: int,
        duration_ns: int,
        *,
        type: str = "",
        attributes: Mapping[str, Attribute] | None = None,
        caller: Caller | None = None,
        cpu_ns: int = -1,
    ) -> None:
        """Append one span."""
        place = self._columns.place
        self._columns.add(
            level,
            place(name),
            place(type),
            *(caller or self._caller),
            start_ns,
            start_ns + duration_ns,
            cpu_ns,
            place(attributes_text(attributes or {})),
        )

    def trace(self) -> Trace:
        """Everything added so far, in the order in which it was added."""
        columns = self._columns.arrays()
        size = len(self._columns)
        if self._to_monotonic is not None:
            moved = self._to_monotonic(columns["start_ns"]) - columns["start_ns"]
            columns |= {name: columns[name] + moved for name in ("start_ns", "end_ns")}
        columns["id"] = np.arange(1, size + 1)
        constants = {"parent_id": UNRESOLVED, "kind": self._kind, "tracer": self._tracer}
        columns |= {name: np.full(size, value) for name, value in constants.items()}
        return self._columns.trace(columns)
