"""Reads what `SpanStream` wrote, also after its process was killed or its disk was full."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.trace import Level, Trace, attributes_text
from dlscope.tracing.arrow import read_text
from dlscope.tracing.stream import DROPPED, OPEN, SCHEMA
from dlscope.tracing.tracer import Diagnostic, Drained

_LARGEST = 1 << 31
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_TEXTS = ("name", "type", "attributes")
_NUMBERS = tuple(name for name in SCHEMA.names if name not in _TEXTS)


def read_stream(path: Path) -> Drained:
    """All spans of a stream, in order of start.

    Spans that never ended end with the last that their thread did and are `truncated`. Raises
    `DataError` for a file that is no stream or holds no block.
    """
    stream = StreamFile(path)
    trace = Trace.merged(stream.traces()).sorted()
    return Drained(trace, stream.diagnostics)


@final
class StreamFile:
    """A stream as traces of one block each: a file of any length takes the memory of a block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._about = _About()
        self._seen = _Seen()
        for batch in self._batches():
            self._seen.add(batch)
        self._is_ended = _ends_well(path)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Whether the stream is whole, and what of it is not kept or not told."""
        found, seen = [], self._seen
        if not self._is_ended:
            what = f"{self._path.name} was never closed: it has {seen.blocks} whole blocks"
            found.append(Diagnostic("cut", what))
        if seen.open:
            what = "spans that were never closed end with the last of their thread"
            found.append(Diagnostic("truncated", what, len(seen.open)))
        if seen.dropped:
            what = "iterations whose spans were dropped, since they came faster than they are kept"
            found.append(Diagnostic("dropped_iterations", what, len(seen.dropped)))
        return tuple(found)

    def traces(self) -> Iterator[Trace]:
        """The spans of each block; those that were open in it and ended later come when ended."""
        for batch in self._batches():
            yield self._trace(_columns(batch), batch)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            with self._path.open("rb") as file:
                reader = pa.ipc.open_stream(file)
                if not reader.schema.equals(SCHEMA):
                    raise self._refused("is not a stream of spans")
                self._about = _About.of(reader.schema.metadata or {})
                yield from _whole_batches(reader)
        except (OSError, pa.ArrowException, MemoryError, ValueError) as error:
            why = "is not a stream of spans"
            if isinstance(error, OSError) and error.errno is not None:
                why = f"cannot be read: {error.strerror}"
            raise self._refused(why) from error

    def _trace(self, columns: dict[str, NDArray[np.int64]], batch: pa.RecordBatch) -> Trace:
        seen = self._seen
        is_open = columns["duration_ns"] == OPEN
        end_ns = columns["start_ns"] + np.maximum(columns["duration_ns"], 0)
        last_ns = [seen.last_ns[thread] for thread in columns["thread"][is_open].tolist()]
        end_ns[is_open] = np.maximum(end_ns[is_open], last_ns)
        kept = ~is_open | np.isin(columns["id"], list(seen.open))
        kept &= columns["id"] != DROPPED
        kept &= ~np.isin(columns["iteration"], list(seen.dropped))
        kept &= np.isin(columns["level"], list(Level))
        texts: list[str] = []
        places = {name: _places(batch.column(name), texts) for name in _TEXTS}
        places["attributes"][is_open] = len(texts) + np.arange(np.count_nonzero(is_open))
        texts += [_truncated(each) for each in batch.column("attributes").filter(is_open)]
        texts.append(self._about.tracer)
        size = len(batch)
        found = {
            **{name: columns[name] for name in _NUMBERS if name != "duration_ns"},
            **places,
            "end_ns": end_ns,
            "tracer": np.full(size, len(texts) - 1),
            "run": np.full(size, self._about.run),
            "process": np.full(size, self._about.process),
        }
        return Trace.of_columns({name: each[kept] for name, each in found.items()}, texts)

    def _refused(self, why: str) -> DataError:
        return DataError(
            f"{self._path.name} {why}",
            where=str(self._path),
            fix="give a file that dlscope recorded spans to",
        )


@dataclass(frozen=True)
class _About:
    """What the head of a stream tells of all its spans."""

    tracer: str = ""
    run: int = 0
    process: int = 0

    @classmethod
    def of(cls, metadata: Mapping[bytes, bytes]) -> _About:
        """Raises ValueError where the head is damaged."""
        run, process = (int(metadata.get(name, b"0")) for name in (b"run", b"process"))
        if not all(0 <= each < _LARGEST for each in (run, process)):
            raise ValueError(f"run {run}, process {process}")
        return cls(metadata.get(b"tracer", b"").decode(), run, process)


@dataclass
class _Seen:
    """What all blocks together tell."""

    blocks: int = 0
    open: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    last_ns: dict[int, int] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch) -> None:
        """One more block."""
        columns = _columns(batch)
        is_open, is_mark = columns["duration_ns"] == OPEN, columns["id"] == DROPPED
        self.blocks += bool(len(batch))
        self.dropped.update(columns["iteration"][is_mark].tolist())
        if self.open:
            ended = np.isin(columns["id"], list(self.open)) & ~is_open
            self.open.difference_update(columns["id"][ended].tolist())
        self.open.update(columns["id"][is_open].tolist())
        last_ns = columns["start_ns"] + np.maximum(columns["duration_ns"], 0)
        for thread in np.unique(columns["thread"]).tolist():
            here = int(last_ns[columns["thread"] == thread].max())
            self.last_ns[thread] = max(here, self.last_ns.get(thread, here))


def _whole_batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            batch = reader.read_next_batch()
            # Of a file that somebody else made, places may lie outside of their texts.
            batch.validate(full=True)
        # A length that was damaged may ask for more memory than there is.
        except (StopIteration, pa.ArrowException, OSError, MemoryError):
            return
        yield batch


def _ends_well(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - len(_END), 0))
        return file.read() == _END


def _columns(batch: pa.RecordBatch) -> dict[str, NDArray[np.int64]]:
    return {name: batch.column(name).to_numpy().astype(np.int64) for name in _NUMBERS}


def _places(column: pa.DictionaryArray, texts: list[str]) -> NDArray[np.int64]:
    """The places of a column's texts among `texts`, to which they are added."""
    places: NDArray[np.int64] = column.indices.to_numpy().astype(np.int64) + len(texts)
    texts += [read_text(text) for text in column.dictionary.to_pylist()]
    return places


def _truncated(attributes: pa.Scalar) -> str:
    try:
        told = json.loads(read_text(attributes.as_py()))
    except ValueError:
        told = None
    return attributes_text({**(told if isinstance(told, dict) else {}), "truncated": True})
