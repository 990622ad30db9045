from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.loadgen.mlperf.trace import read_trace

SAMPLE = (
    '{"name":"Sample","cat":"default","ph":"b","pid":7,"id":%d,"ts":%s,"args":{"sample_seq":%d,'
    '"query_seq":%d,"sample_idx":%d,"issue_start_ns":%d,"complete_ns":%d}},\n'
)
END = '{"name":"Sample","cat":"default","ph":"e", "pid":7,"id":%d,"ts":1.000},\n'


def test_samples_are_read_to_the_nanosecond_in_loadgens_order(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text(
        '{"traceEvents":[\n{"name":"Scheduling","ph":"X","ts":7092.630,"args":{}},\n'
        + SAMPLE % (2, "2000000.001", 2, 1, 9, 5, 700)
        + END % 2
        + SAMPLE % (0, "-0.250", 0, 0, 4, 0, 100)
        + SAMPLE % (1, "12.345", 1, 0, 3, 220, 200)
        + '{"name":"LastTrace"}\n],\n"displayTimeUnit":"ns"}\n'
    )
    answered = read_trace(path)
    assert answered.query.tolist() == [0, 0, 1]
    assert answered.sample.tolist() == [4, 3, 9]
    assert answered.scheduled.tolist() == [-250, 12_345, 2_000_000_001]
    assert answered.delay.tolist() == [0, 220, 5]
    assert answered.latency.tolist() == [100, 200, 700]
    assert answered.query_starts().tolist() == [0, 2]


def test_refuses_a_trace_without_queries(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text("{}")
    with pytest.raises(MeasurementError) as caught:
        read_trace(path)
    assert str(caught.value) == (
        "MeasurementError: LoadGen's trace tells of no query\n"
        f"  where  {path}\n"
        "  fix    look in mlperf_log_detail.txt for an error; LoadGen may be newer than dlscope"
    )
