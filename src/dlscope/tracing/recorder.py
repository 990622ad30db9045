"""`SpanRecorder`: collects spans while work is done, as plain tuples until it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from dlscope.core.trace import Attribute, Level, Span, Trace
from dlscope.tracing.clock import Clock

_Record = tuple[int, int, Level, str, int, int, dict[str, Attribute]]


@final
class SpanRecorder:
    """Spans up to `level`; deeper ones cost one comparison and are not kept."""

    def __init__(self, clock: Clock, level: Level) -> None:
        self._clock = clock
        self._level = level
        self._records: list[_Record] = []
        self._open = threading.local()
        self._last_id = 0
        self._lock = threading.Lock()

    @contextmanager
    def span(self, name: str, level: Level, **attributes: Attribute) -> Iterator[None]:
        """Record the body as one span with the CPU time of the whole process as `cpu_ns`.

        Spans opened inside it by the same thread become its children.
        """
        if level > self._level:
            yield
            return
        span_id, parent_id = self._next_id(), self._parent_id()
        self._open.id = span_id
        cpu, start = time.process_time_ns(), self._clock.now_ns()
        try:
            yield
        finally:
            end = self._clock.now_ns()
            self._open.id = parent_id
            attributes["cpu_ns"] = time.process_time_ns() - cpu
            self._records.append((span_id, parent_id, level, name, start, end, attributes))

    def add(
        self, name: str, level: Level, start_ns: int, end_ns: int, **attributes: Attribute
    ) -> None:
        """Record an interval that was timed elsewhere, in any thread, under the open span."""
        if level <= self._level:
            record = (self._next_id(), self._parent_id(), level, name, start_ns, end_ns, attributes)
            self._records.append(record)

    def trace(self) -> Trace:
        """Everything recorded so far, in order of start."""
        spans = (
            Span(number, parent, level, name, start, end, attributes=attributes)
            for number, parent, level, name, start, end, attributes in self._records
        )
        return Trace(tuple(sorted(spans, key=lambda span: (span.start_ns, span.id))))

    def _parent_id(self) -> int:
        return getattr(self._open, "id", 0)

    def _next_id(self) -> int:
        with self._lock:
            self._last_id += 1
            return self._last_id
