"""`SpanStream`: spans written to a file while they are recorded, a block at a time.

The file is an Arrow stream: readable up to its last whole block whenever its process was killed.
Spans that are open when a block is written are in it without an end, and again once they ended.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, ParamSpec, Self, TypeVar, final

import numpy as np
import pyarrow as pa

from dlscope.core.errors import MeasurementError
from dlscope.core.trace import Attribute, Level
from dlscope.tracing.arrow import written_texts
from dlscope.tracing.capture import BLOCK, LIMIT_BYTES, LiveSpan, SpanBuffer
from dlscope.tracing.tracer import Diagnostic

P = ParamSpec("P")
R = TypeVar("R")

VERSION = "1"
OPEN = -1
"""The duration of a span that had not ended when it was written."""
DROPPED = 0
"""The id of a row that only says that its iteration was dropped."""
FLUSH_S = 1.0
_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("parent_id", pa.int64()),
        ("start_ns", pa.int64()),
        ("duration_ns", pa.int64()),
        ("thread", pa.int64()),
        ("iteration", pa.int32()),
        ("level", pa.int16()),
        ("name", _TEXT),
        ("type", _TEXT),
        ("attributes", _TEXT),
    ]
)
_TOLD = (
    *("id", "parent_id", "start_ns", "end_ns", "thread.ident", "iteration", "level"),
    *("name", "type", "attributes"),
)
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


@final
class SpanStream:
    """Records spans up to `level` into the file `path` until it is closed.

    Blocks are written by a thread of its own, every `flush_s` or when one is full. What cannot be
    written ends the recording and nothing else: the program goes on, `diagnostics` tell it.
    """

    def __init__(
        self,
        path: Path,
        level: Level,
        *,
        run: int = 0,
        tracer: str = "dlscope",
        flush_s: float = FLUSH_S,
        limit_bytes: int = LIMIT_BYTES,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._wake = threading.Event()
        self._buffer = SpanBuffer(
            level, limit_bytes=limit_bytes, now_ns=now_ns, on_block=self._wake.set
        )
        # The methods of the buffer themselves: a call in between would cost as much as a span.
        self.span = self._buffer.span
        self.start_span = self._buffer.start_span
        self.finish_span = self._buffer.finish_span
        self.begin_iteration = self._buffer.begin_iteration
        self._told_dropped: set[int] = set()
        self._failure: Diagnostic | None = None
        self._is_closing = False
        self._writing = threading.Lock()
        metadata = {"version": VERSION, "run": str(run), "process": str(os.getpid())}
        try:
            # Closed by `close`, after the last block.
            self._file: IO[bytes] = path.open("wb")
            self._writer = pa.ipc.new_stream(
                self._file, SCHEMA.with_metadata({**metadata, "tracer": tracer}), options=_OPTIONS
            )
            # Arrow writes the schema with the first batch; a file without it is no stream.
            self._writer.write_batch(_batch([]))
        except OSError as error:
            raise MeasurementError(
                f"no trace can be written to {path.name}: {error.strerror or error}",
                where=str(path),
                fix="name a file in a folder that exists and can be written to",
            ) from error
        self._thread = threading.Thread(
            target=self._write_until_closed, args=(flush_s,), name="dlscope-spans", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def traced(
        self, name: str, level: Level, type: str = "", **attributes: Attribute
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """A decorator that makes each call of a function a span."""

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            @wraps(function)
            def call(*args: P.args, **kwargs: P.kwargs) -> R:
                with self.span(name, level, type, **attributes):
                    return function(*args, **kwargs)

            return call

        return decorate

    def flush(self) -> None:
        """Write everything recorded so far and have it on the disk, as between iterations."""
        with self._writing:
            if self._failure is None and not self._file.closed:
                self._attempt(self._write)

    def close(self) -> None:
        """Write the rest, spans that are still open included, and close the file."""
        self._buffer.stop()
        self._is_closing = True
        self._wake.set()
        self._thread.join()
        self.flush()
        with self._writing:
            if self._failure is None and not self._file.closed:
                self._attempt(self._end)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was not recorded, and why."""
        failed = () if self._failure is None else (self._failure,)
        return (*failed, *self._buffer.diagnostics())

    def _write_until_closed(self, flush_s: float) -> None:
        while not self._is_closing:
            self._wake.wait(flush_s)
            self._wake.clear()
            self.flush()

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        # A recording that fails must not take the program with it.
        except Exception as error:
            self._buffer.stop()
            is_disk = isinstance(error, OSError)
            why = error.strerror if isinstance(error, OSError) else None
            what = f"the trace ends early: {why or error}"
            self._failure = Diagnostic("disk_failed" if is_disk else "capture_failed", what)
            # What is left in the file's buffer has no room, as was just told.
            with suppress(OSError):
                self._file.close()

    def _write(self) -> None:
        opened, finished = self._buffer.newly_open(), self._buffer.take()
        rows = [span for span in opened if span.end_ns == OPEN] + finished
        for first in range(0, len(rows), BLOCK):
            self._writer.write_batch(_batch(rows[first : first + BLOCK]))
        for iteration in self._buffer.dropped - self._told_dropped:
            self._told_dropped.add(iteration)
            self._writer.write_batch(_dropped(iteration))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _end(self) -> None:
        self._writer.close()
        self._file.close()


def _batch(spans: Sequence[LiveSpan]) -> pa.RecordBatch:
    # Column by column in built-in functions: it takes the interpreter from the program.
    rows = list(map(attrgetter(*_TOLD), spans))
    told = dict(zip(_TOLD, zip(*rows, strict=True) if rows else [()] * len(_TOLD), strict=True))
    start_ns, end_ns = (np.array(told[name], dtype=np.int64) for name in ("start_ns", "end_ns"))
    columns = {
        **{name: np.array(told[name], dtype=np.int64) for name in ("id", "parent_id", "iteration")},
        "start_ns": start_ns,
        "duration_ns": np.where(end_ns == OPEN, OPEN, np.maximum(end_ns - start_ns, 0)),
        "thread": np.array(told["thread.ident"], dtype=np.int64),
        "level": np.array(told["level"], dtype=np.int64),
        "name": _texts(told["name"]),
        "type": _texts(told["type"]),
        "attributes": _texts([_attributes(each) if each else "{}" for each in told["attributes"]]),
    }
    return _record_batch(columns)


def _dropped(iteration: int) -> pa.RecordBatch:
    zero = np.zeros(1, dtype=np.int64)
    numbers = dict.fromkeys(("parent_id", "start_ns", "duration_ns", "thread", "level"), zero)
    texts = {name: _texts([""]) for name in ("name", "type", "attributes")}
    return _record_batch({"id": zero + DROPPED, "iteration": zero + iteration, **numbers, **texts})


def _record_batch(columns: dict[str, Any]) -> pa.RecordBatch:
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values).cast(SCHEMA.field(name).type)
        for name, values in ((each, columns[each]) for each in SCHEMA.names)
    ]
    return pa.record_batch(arrays, schema=SCHEMA)


def _texts(values: Sequence[str]) -> pa.Array:
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    codes = np.array(list(map(places.__getitem__, values)), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes), written_texts(places))


def _attributes(attributes: dict[str, Attribute]) -> str:
    """The text of attributes; what JSON lacks is told by its own text."""
    # A copy, since a span that is open may get more of them meanwhile.
    return json.dumps(dict(attributes), ensure_ascii=False, default=str)
