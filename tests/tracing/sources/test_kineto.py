from __future__ import annotations

import gzip
import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DataError
from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.tracing.epoch import Anchor, EpochClock, anchor
from dlscope.tracing.sources.kineto import read_kineto
from dlscope.tracing.tracer import Diagnostic, Drained

_BASE_NS = 1_790_857_026_000_000_000


def _profile(*events: dict[str, Any], base_ns: int = _BASE_NS) -> bytes:
    return json.dumps({"baseTimeNanoseconds": base_ns, "traceEvents": events}).encode()


def _op(name: str = "aten::relu", **changed: Any) -> dict[str, Any]:
    event = {"ph": "X", "cat": "cpu_op", "name": name, "pid": 9, "tid": 9, "ts": 10, "dur": 5}
    return {key: value for key, value in {**event, **changed}.items() if value is not None}


def _names(found: Drained) -> list[str]:
    return [span.name for span in found.trace]


def test_a_real_profile_is_read_whole(profile_path: Path) -> None:
    started_ns = time.time_ns()
    found = read_kineto(profile_path)
    assert found.diagnostics == ()
    ops = [span for span in found.trace if span.level is Level.LAYER]
    assert [op.name for op in ops].count("aten::conv2d") == 3
    assert [op.name for op in ops].count("aten::linear") == 3
    for span in found.trace:
        assert span.parent_id == UNRESOLVED
        assert started_ns - 600 * 10**9 < span.start_ns <= span.end_ns < started_ns
    conv = next(op for op in ops if op.name == "aten::conv2d")
    assert str(conv.attributes["shapes"]).startswith("[[1, 3, 8, 8], [8, 3, 3, 3], [8]")
    annotations = [span for span in found.trace if span.level is Level.PIPELINE]
    assert len(annotations) == 3
    assert all(span.name.startswith('it, "er') for span in annotations)
    assert annotations[0].start_ns <= conv.start_ns <= conv.end_ns <= annotations[0].end_ns


def test_times_come_to_the_trace_clock(profile_path: Path) -> None:
    epoch = read_kineto(profile_path).trace
    now = anchor()
    trace = read_kineto(profile_path, EpochClock(now)).trace
    assert (epoch["start_ns"] - trace["start_ns"] == now.offset_ns).all()
    assert (epoch["end_ns"] - trace["end_ns"] == now.offset_ns).all()


def test_two_hundred_cuts_of_a_real_profile(profile_path: Path) -> None:
    data = profile_path.read_bytes()
    whole = read_kineto(profile_path).trace
    # Where each event ends: a bracket at the depth of the list.
    ends = [found.end() for found in re.finditer(rb"\n  \}", data)]
    seed = random.Random(12)
    for cut in sorted(seed.sample(range(1, len(data)), 200)):
        found = read_kineto(data[:cut])
        expected = sum(
            b'"cat": "cpu_op"' in data[start:end] or b'"cat": "user_annotation"' in data[start:end]
            for start, end in zip([0, *ends], ends, strict=False)
            if end <= cut
        )
        assert len(found.trace) == expected
        assert _intervals(found.trace) <= _intervals(whole)
        is_cut = data[cut:].strip() != b""
        assert [each.kind for each in found.diagnostics][:1] == (["cut"] if is_cut else [])


def _intervals(trace: Trace) -> set[tuple[str, int, int]]:
    return {(span.name, span.start_ns, span.end_ns) for span in trace}


def test_times_are_exact_to_the_nanosecond() -> None:
    text = _profile(_op(ts=0, dur=0)).decode()
    text = text.replace('"ts": 0', '"ts": 5085957669460.025').replace('"dur": 0', '"dur": 0.001')
    (span,) = read_kineto(text.encode()).trace
    assert (span.start_ns, span.end_ns) == (
        _BASE_NS + 5085957669460025,
        _BASE_NS + 5085957669460026,
    )


def test_a_profile_without_base_has_times_of_the_epoch() -> None:
    found = read_kineto(json.dumps([_op(ts=_BASE_NS // 1000, dur=1)]).encode())
    assert found.trace.spans[0].start_ns == _BASE_NS
    assert found.diagnostics == ()


def test_tells_that_the_base_is_missing() -> None:
    found = read_kineto(json.dumps([_op()]).encode())
    assert found.diagnostics == (
        Diagnostic(
            "clock_unknown",
            "the profile does not tell its baseTimeNanoseconds: its times are on no known clock",
        ),
    )


def test_launches_and_what_ran_on_the_device_share_a_correlation() -> None:
    launch_args = {"External id": 4, "cbid": 211, "correlation": 77}
    kernel_args = {
        "External id": 4,
        "device": 1,
        "stream": 7,
        "correlation": 77,
        "grid": [8, 1, 1],
        "registers per thread": 32,
        "est. achieved occupancy %": 13,
    }
    copy_args = {"device": 1, "stream": 8, "correlation": 78, "bytes": 4096}
    found = read_kineto(
        _profile(
            _op("aten::conv2d", args={"External id": 4}, ts=0, dur=100),
            _op("cudaLaunchKernel", cat="cuda_runtime", ts=10, dur=5, args=launch_args),
            _op("cuLaunchKernel", cat="cuda_driver", ts=16, dur=5, args={"correlation": 78}),
            _op("cudaDeviceSynchronize", cat="cuda_runtime", ts=50, dur=9),
            _op("sgemm", cat="kernel", pid=1, tid=7, ts=40, dur=20, args=kernel_args),
            _op("Memcpy HtoD", cat="gpu_memcpy", pid=1, tid=8, ts=61, dur=2, args=copy_args),
            {"ph": "s", "cat": "ac2g", "id": 77, "pid": 9, "tid": 9, "ts": 10},
        ),
        EpochClock(Anchor(0, _BASE_NS, 0)),
    )
    assert found.diagnostics == ()
    op, launch, driver, kernel, sync, copy = found.trace
    assert (op.level, op.kind, op.link_id, op.type) == (Level.LAYER, "sync", 4, "aten::conv2d")
    assert (launch.level, launch.kind, launch.correlation_id) == (Level.LIBRARY, "launch", 77)
    assert (driver.kind, driver.correlation_id) == ("launch", 78)
    assert sync.kind == "sync"
    assert kernel == Span(
        5,
        UNRESOLVED,
        Level.KERNEL,
        "sgemm",
        40_000,
        60_000,
        kind="execution",
        correlation_id=77,
        link_id=4,
        attributes={"grid": "[8, 1, 1]", "registers_per_thread": 32, "est_achieved_occupancy_": 13},
        type="kernel",
        tracer="torch.profiler",
        process=9,
        device=1,
        stream=7,
    )
    assert (copy.type, copy.device, copy.stream, copy.process) == ("gpu_memcpy", 1, 8, 9)
    assert copy.attributes == {"bytes": 4096}


def test_frames_flows_and_overhead_are_no_spans() -> None:
    others = [_op(cat=cat) for cat in ("python_function", "overhead", "Trace", None, ["cpu_op"])]
    assert _names(read_kineto(_profile(_op("kept"), *others))) == ["kept"]


_BAD = {
    "no ts": _op(ts=None),
    "no dur": _op(dur=None),
    "ts is no number": _op(ts="soon"),
    "dur is no number": _op(dur=float("nan")),
    "a negative duration": _op(dur=-1),
    "a duration over an hour": _op(dur=3600e6 + 1),
    "ts is out of range": _op(ts=10**30),
    "an end without a beginning": _op(ph="E", dur=None),
}


@pytest.mark.parametrize("why", _BAD)
def test_bad_events_are_left_out_and_counted(why: str) -> None:
    bad = _BAD[why]
    found = read_kineto(_profile(bad, _op("kept"), bad))
    assert _names(found) == ["kept"]
    assert found.diagnostics == (
        Diagnostic("dropped", f"events that were left out: {why}", 2),
        Diagnostic("incomplete", "more than 1 % of the events were left out", 2),
    )


@pytest.mark.parametrize(("good", "kinds"), [(98, ["dropped", "incomplete"]), (99, ["dropped"])])
def test_one_percent_may_be_bad(good: int, kinds: list[str]) -> None:
    events = [_op(ts=10 * n) for n in range(good)]
    found = read_kineto(_profile(*events, _op(dur=-1)))
    assert [each.kind for each in found.diagnostics] == kinds


def test_an_hour_is_not_too_long() -> None:
    assert _names(read_kineto(_profile(_op("long", dur=3600 * 10**6)))) == ["long"]


def test_the_same_event_again_is_left_out() -> None:
    found = read_kineto(_profile(_op("a"), _op("b"), _op("a")))
    assert _names(found) == ["a", "b"]
    assert found.diagnostics[0] == Diagnostic(
        "dropped", "events that were left out: the same event again", 1
    )


def test_begin_and_end_are_paired_as_nested_calls() -> None:
    found = read_kineto(
        _profile(
            _op("outer", ph="B", ts=0, dur=None),
            _op("inner", ph="B", ts=1, dur=None),
            _op("elsewhere", ph="B", ts=2, dur=None, tid=10),
            _op("", ph="E", ts=3, dur=None, args={"bytes": 8}),
            _op("", ph="E", ts=4, dur=None),
            _op("last", ts=5, dur=4, tid=10),
        )
    )
    spans = {span.name: span for span in found.trace}
    assert spans["outer"].duration_ns == 4000
    assert spans["inner"].duration_ns == 2000
    assert spans["inner"].attributes == {"bytes": 8}
    # Never closed: it ends with the last that its thread did.
    assert spans["elsewhere"].duration_ns == 7000
    assert spans["elsewhere"].attributes == {"truncated": True}
    assert [(each.kind, each.count) for each in found.diagnostics] == [("truncated", 1)]


def test_numbers_too_large_for_their_column_are_unknown() -> None:
    args = {"External id": 1 << 80, "correlation": True}
    (span,) = read_kineto(_profile(_op(pid=1 << 40, tid="main", args=args))).trace
    assert (span.process, span.thread, span.link_id, span.correlation_id) == (0, 0, 0, 0)


def test_a_step_of_the_wall_clock_is_told() -> None:
    clock = EpochClock(Anchor(0, _BASE_NS, 0), Anchor(10**9, _BASE_NS + 10**6, 0))
    assert [each.kind for each in read_kineto(_profile(_op()), clock).diagnostics] == ["clock_step"]


def test_strict_reading_refuses_a_cut_profile(profile_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(gzip.compress(profile_path.read_bytes()[:-100]))
    assert [each.kind for each in read_kineto(path).diagnostics] == ["cut"]
    with pytest.raises(DataError, match=r"cut\.json\.gz is cut at byte \d+, after \d+ complete"):
        read_kineto(path, strict=True)
