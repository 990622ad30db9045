"""Reads files of JSON trace events: `[…]` or `{"traceEvents": […], …}`, plain or gzip.

Profilers write such files event by event, so a file of a program that was killed ends anywhere.
Every whole event is read all the same, and a diagnostic tells where the file ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import DataError
from dlscope.tracing.sources.byte_chunks import chunks
from dlscope.tracing.sources.json_window import CutError, DamagedError, JsonWindow
from dlscope.tracing.tracer import Diagnostic

Event = dict[str, Any]

_FORMATS = (
    'give a trace in Chrome\'s event format, [events…] or {"traceEvents": [events…]}, plain or gzip'
)
_STRICT = "trace again, or leave --strict out to keep what is whole"


@dataclass(frozen=True)
class Events:
    """The events of a file in its order, and what stands beside them in the file."""

    events: list[Event]
    header: dict[str, Any]
    diagnostics: tuple[Diagnostic, ...] = ()


def read_events(data: bytes | Path, *, name: str = "", strict: bool = False) -> Events:
    """All events of a file, or of its bytes, which errors call `name`.

    Numbers with a fraction are `Decimal`, others int. Raises `DataError` for what is empty, no
    JSON or without events, and in strict reading for what is cut or damaged.
    """
    reader = EventReader(data, name=name, strict=strict)
    events = list(reader)
    return Events(events, reader.header, reader.diagnostics)


@final
class EventReader:
    """The events one at a time: a file of any length takes the memory of one chunk of it.

    `header` and `diagnostics` are complete when the last event has been read.
    """

    def __init__(self, data: bytes | Path, *, name: str = "", strict: bool = False) -> None:
        path = data if isinstance(data, Path) else None
        self.header: dict[str, Any] = {}
        self.name = name or (path.name if path else "the trace")
        self.where = str(path or name or "bytes in memory")
        self._strict = strict
        self._window = JsonWindow(chunks(data))
        self._events = 0
        self._damaged = 0
        self._cut_bytes: int | None = None

    def __iter__(self) -> Iterator[Event]:
        try:
            yield from self._all()
        except CutError:
            self._cut_bytes = self._window.offset_bytes
        except OSError as error:
            raise self._refused(f"cannot be read: {error.strerror or error}") from error
        if not self._events and not self.diagnostics:
            raise self._refused("holds no events")
        if self._strict and self.diagnostics:
            raise DataError(self.diagnostics[0].what, where=self.where, fix=_STRICT)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Whether the file is cut, and how many events were no JSON objects."""
        found = []
        if self._cut_bytes is not None:
            what = (
                f"{self.name} is cut at byte {self._cut_bytes}, "
                f"after {self._events} complete events"
            )
            found.append(Diagnostic("cut", what))
        if self._damaged:
            what = f"{self.name} has parts that are no JSON, which were left out"
            found.append(Diagnostic("damaged", what, self._damaged))
        return tuple(found)

    def _all(self) -> Iterator[Event]:
        first = self._window.peek()
        if not first:
            raise self._refused("is empty")
        if first not in "[{":
            raise self._refused("is not JSON")
        yield from self._elements() if first == "[" else self._members()

    def _elements(self) -> Iterator[Event]:
        self._window.skip()
        while (mark := self._mark()) != "]":
            if mark == ",":
                self._window.skip()
            elif isinstance(found := self._value(), dict):
                self._events += 1
                yield found
        self._window.skip()

    def _members(self) -> Iterator[Event]:
        self._window.skip()
        while (mark := self._mark()) != "}":
            if mark == ",":
                self._window.skip()
                continue
            key = self._key(mark)
            mark = self._mark()
            if key == "traceEvents" and mark == "[":
                yield from self._elements()
            elif (found := self._value()) is not None:
                self.header[key] = found

    def _key(self, mark: str) -> str:
        key = self._value() if mark == '"' else None
        if not isinstance(key, str) or self._mark() != ":":
            raise self._refused("is not JSON")
        self._window.skip()
        return key

    def _value(self) -> Any:
        """The next value, None for one that is damaged, which is counted."""
        try:
            found = self._window.value()
        except DamagedError:
            self._damaged += 1
            return None
        return found

    def _mark(self) -> str:
        mark = self._window.peek()
        if not mark:
            raise CutError
        return mark

    def _refused(self, why: str) -> DataError:
        return DataError(f"{self.name} {why}", where=self.where, fix=_FORMATS)
