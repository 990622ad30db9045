"""Latencies of single queries, from the trace: the only place where LoadGen tells them."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError

Times = NDArray[np.int64]

_SAMPLE = re.compile(
    rb'\{"name":"Sample","cat":"default","ph":"b","pid":\d+,"id":\d+,"ts":(-?\d+)\.(\d{3}),'
    rb'"args":\{"sample_seq":(\d+),"query_seq":(\d+),"sample_idx":(\d+),'
    rb'"issue_start_ns":(-?\d+),"complete_ns":(\d+)\}'
)
_FIELDS = 6


@dataclass(frozen=True)
class Answered:
    """Samples in the order LoadGen made them, one entry each, times in ns on LoadGen's clock.

    `latency` is from the scheduled time to the completion, `delay` from there to the issue.
    """

    query: Times
    sample: Times
    scheduled: Times
    delay: Times
    latency: Times

    def query_starts(self) -> Times:
        """Where the samples of each query begin."""
        changes = np.flatnonzero(np.diff(self.query)) + 1
        return np.concatenate(([0], changes)).astype(np.int64)


def read_trace(path: Path) -> Answered:
    """The samples of the trace at `path`. Raises `MeasurementError` when there are none."""
    numbers = array("q")
    with path.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"name":"Sample","cat"') and (match := _SAMPLE.match(line)):
                micros, nanos, order, query, sample, delay, latency = map(int, match.groups())
                negative = match[1].startswith(b"-")
                scheduled = micros * 1000 + (-nanos if negative else nanos)
                numbers.extend((order, query, sample, scheduled, delay, latency))
    if not numbers:
        raise MeasurementError(
            "LoadGen's trace tells of no query",
            where=str(path),
            fix="look in mlperf_log_detail.txt for an error; LoadGen may be newer than dlscope",
        )
    table = np.frombuffer(numbers, dtype=np.int64).reshape(-1, _FIELDS)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Answered(*(table[:, column] for column in range(1, _FIELDS)))
