from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from any_spans import spans
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.exporters.chrome import write_chrome
from dlscope.tracing.sources.chrome import read_chrome
from dlscope.tracing.sources.kineto import read_kineto

_AWKWARD = 'a\n"b",\\c \u2028é\udcff\ud83d\x00'


def _numbered(spans: list[Span]) -> Trace:
    trace = Trace(spans)
    return trace.with_columns(id=np.arange(1, len(trace) + 1) * 3)


def _written(trace: Trace, folder: Path, name: str = "trace.json") -> list[dict[str, Any]]:
    write_chrome(folder / name, trace)
    events: list[dict[str, Any]] = json.loads((folder / name).read_bytes())["traceEvents"]
    return events


def _of_phase(events: list[dict[str, Any]], phase: str) -> list[dict[str, Any]]:
    return [event for event in events if event["ph"] == phase]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spans(st.integers()), max_size=5).map(_numbered))
def test_every_column_comes_back(tmp_path: Path, trace: Trace) -> None:
    write_chrome(tmp_path / "trace.json", trace)
    if len(trace):
        found = read_chrome(tmp_path / "trace.json")
        assert found.trace.spans == trace.sorted().spans
        assert found.diagnostics == ()


def test_a_real_profile_comes_back(profile_path: Path, tmp_path: Path) -> None:
    trace = read_kineto(profile_path).trace
    write_chrome(tmp_path / "trace.json.gz", trace)
    assert read_chrome(tmp_path / "trace.json.gz").trace.spans == trace.spans


def test_a_name_ending_in_gz_is_packed_and_the_same_each_time(tmp_path: Path) -> None:
    trace = Trace([Span(1, 0, Level.MODEL, "predict", 5, 9)])
    for name in ("a.json.gz", "b.json.gz"):
        write_chrome(tmp_path / name, trace)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    unpacked = gzip.decompress((tmp_path / "a.json.gz").read_bytes())
    write_chrome(tmp_path / "a.json", trace)
    assert (tmp_path / "a.json").read_bytes() == unpacked


def test_awkward_names_and_numbers_survive_in_plain_json(tmp_path: Path) -> None:
    attributes = {_AWKWARD: _AWKWARD, "peak": float("inf"), "n": 1 << 70}
    span = Span(1, 0, Level.LAYER, _AWKWARD, 0, 1, attributes=attributes)
    path = tmp_path / "trace.json"
    (event,) = _of_phase(_written(Trace([span]), tmp_path), "X")
    assert event["name"] == _AWKWARD
    assert path.read_bytes().isascii()
    assert b"Infinity" not in path.read_bytes().replace(b'\\"peak\\": Infinity', b"")
    assert read_chrome(path).trace.spans == (span,)


def test_events_are_what_viewers_expect(tmp_path: Path) -> None:
    spans = [
        Span(1, 0, Level.MODEL, "predict", 1_000_000, 1_500_250, process=9, thread=10, run=2),
        Span(2, 1, Level.LAYER, "conv", 1_100_000, 1_200_000, process=9, thread=10, run=2),
        Span(3, 1, Level.LAYER, "mark", 1_300_001, 1_300_001, "instant", process=9, thread=10),
    ]
    events = _written(Trace(spans), tmp_path)
    assert _of_phase(events, "X")[0] == {
        "ph": "X",
        "name": "predict",
        "pid": 9,
        "tid": 10,
        "ts": 0.0,
        "dur": 500.25,
        "args": {"span_id": 1, "parent_id": 0, "level": 30, "run": 2, "start_ns": 1_000_000},
    }
    (instant,) = _of_phase(events, "i")
    assert (instant["s"], instant["ts"]) == ("t", 300.001)
    named = {(event["name"], event["tid"]): event["args"] for event in _of_phase(events, "M")}
    assert named["process_name", 0] == {"name": "process 9"}
    assert named["thread_name", 10] == {"name": "thread 10"}


def test_a_launch_points_to_what_it_made_run(tmp_path: Path) -> None:
    launch = Span(1, 0, Level.LIBRARY, "launch", 0, 10, "launch", 7, process=9, thread=9)
    kernel = Span(
        *(2, 0, Level.KERNEL, "sgemm", 20, 40, "execution", 7), process=9, device=1, stream=3
    )
    other = Span(3, 0, Level.KERNEL, "copy", 50, 60, "execution", 8, process=9, device=1, stream=4)
    events = _written(Trace([launch, kernel, other]), tmp_path)
    (begin,), (end,) = _of_phase(events, "s"), _of_phase(events, "f")
    by_name = {event["name"]: event for event in _of_phase(events, "X")}
    for flow, name in ((begin, "launch"), (end, "sgemm")):
        assert [flow[key] for key in ("pid", "tid", "ts")] == [
            by_name[name][key] for key in ("pid", "tid", "ts")
        ]
    assert (begin["id"], end["id"], end["bp"]) == (1, 1, "e")
    assert begin["name"] == end["name"]
    assert begin["cat"] == end["cat"]
    names = {
        event["args"]["name"]: (event["pid"], event["tid"])
        for event in _of_phase(events, "M")
        if "name" in event["args"]
    }
    device = by_name["sgemm"]["pid"]
    assert names["device 1"] == (device, 0)
    assert names["stream 3"] == (device, 3)
    assert names["stream 4"] == (device, by_name["copy"]["tid"])


def test_threads_are_sorted_by_level(tmp_path: Path) -> None:
    levels = {1: Level.KERNEL, 2: Level.LAYER, 3: Level.APPLICATION}
    spans = [Span(n, 0, level, "x", 0, 1, thread=n) for n, level in levels.items()]
    order = {
        event["tid"]: event["args"]["sort_index"]
        for event in _of_phase(_written(Trace(spans), tmp_path), "M")
        if event["name"] == "thread_sort_index"
    }
    assert sorted(order, key=order.__getitem__) == [3, 2, 1]


def test_a_trace_without_spans_is_a_file_without_slices(tmp_path: Path) -> None:
    assert _written(Trace(), tmp_path) == []


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    write_chrome(path, Trace([Span(1, 0, Level.MODEL, "old", 0, 1)]))
    broken = Trace([Span(1, 0, Level.MODEL, "new", 0, 1)]).with_columns(kind=np.array([99]))
    with pytest.raises(IndexError):
        write_chrome(path, broken)
    assert [span.name for span in read_chrome(path).trace] == ["old"]
    assert [each.name for each in tmp_path.iterdir()] == ["trace.json"]


def test_sizes_keep_to_their_bars(tmp_path: Path) -> None:
    count = 20_000
    seed = np.random.default_rng(3)
    duration_ns = seed.integers(2_000, 300_000, count)
    start_ns = np.cumsum(duration_ns + seed.integers(500, 5_000, count)) + 5_085_957_669_460_025
    layer = np.arange(count) % 60
    trace = Trace.of_columns(
        {
            "id": np.arange(1, count + 1),
            "parent_id": np.arange(count) // 60 * 60 + 1,
            "level": np.full(count, Level.LAYER),
            "name": layer,
            "type": layer,
            "index": layer,
            "start_ns": start_ns,
            "end_ns": start_ns + duration_ns,
            "process": np.full(count, 12345),
            "thread": np.full(count, 12345),
        },
        [f"aten::operator_{n}" for n in range(60)],
    )
    for name, bar in (("trace.json", 200), ("trace.json.gz", 30)):
        write_chrome(tmp_path / name, trace)
        assert (tmp_path / name).stat().st_size <= bar * count
