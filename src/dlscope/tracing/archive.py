"""From a stream of spans to a Parquet file, a block at a time: a third of the size, and SQL."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from dlscope.core.whole_file import whole_file
from dlscope.tracing.arrow import SPANS, parquet_options, spans_table
from dlscope.tracing.stream_reading import StreamFile
from dlscope.tracing.tracer import Diagnostic


def to_parquet(stream: Path, target: Path) -> tuple[Diagnostic, ...]:
    """Write the spans of `stream` to `target`, those of each block in order of start.

    Returns what its reader must know of the stream. A Parquet file that is not finished cannot be
    read, so `target` is there whole or not at all. Raises `DataError` for what is no stream.
    """
    source = StreamFile(stream)
    with whole_file(target) as part, pq.ParquetWriter(part, SPANS, **parquet_options(SPANS)) as to:
        for trace in source.traces():
            to.write_table(spans_table(trace.sorted()))
    return source.diagnostics
