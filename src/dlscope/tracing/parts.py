"""A trace file too large to be held, some whole iterations at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dlscope.core.errors import DataError
from dlscope.core.trace import Trace
from dlscope.tracing.arrow import trace_of

_ROWS = 400_000


def iteration_parts(path: Path, rows: int = _ROWS) -> Iterator[Trace]:
    """The spans of a Parquet file in its order, about `rows` at a time, no iteration parted.

    The spans of an iteration must follow one another, as they do in an archive that is sorted by
    run and start. Raises `DataError` for a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield from _parts(pq.ParquetFile(file), rows)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path.name} cannot be read: {str(error).strip().partition(chr(10))[0]}",
            where=str(path),
            fix="write the trace again",
        ) from error


def _parts(file: pq.ParquetFile, rows: int) -> Iterator[Trace]:
    held = Trace()
    for batch in file.iter_batches(batch_size=rows):
        read = Trace.merged([held, trace_of(pa.Table.from_batches([batch]))])
        begun = _last_iteration(read)
        if begun:
            yield read.take(np.arange(begun))
        # The last iteration may go on in the next batch.
        held = read.take(np.arange(begun, len(read)))
    if len(held):
        yield held


def _last_iteration(trace: Trace) -> int:
    """The row with which the last iteration begins."""
    changes = (np.diff(trace["iteration"]) != 0) | (np.diff(trace["run"]) != 0)
    found = np.flatnonzero(changes)
    return int(found[-1]) + 1 if found.size else 0
