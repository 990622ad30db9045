from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope.core.errors import DataError, MeasurementError
from dlscope.core.trace import Level, Span
from dlscope.tracing.archive import to_parquet
from dlscope.tracing.arrow import trace_of
from dlscope.tracing.capture import BLOCK, SPAN_BYTES
from dlscope.tracing.clock import VirtualClock
from dlscope.tracing.stream import SpanStream
from dlscope.tracing.stream_reading import read_stream

_NEVER_S = 3600.0
_TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=6)
_KILLED = """
import sys
from pathlib import Path
from typing import Any
from dlscope.core.trace import Level
from dlscope.tracing.stream import SpanStream

stream = SpanStream(Path(sys.argv[1]), Level.LAYER, flush_s=3600)
with stream.span("request", Level.APPLICATION):
    for iteration in range(3):
        stream.begin_iteration(iteration)
        with stream.span("predict", Level.MODEL):
            for layer in range(50):
                with stream.span(f"layer {layer}", Level.LAYER, "Conv"):
                    pass
            stream.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spans.arrows"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_TEXTS, _TEXTS, st.dictionaries(_TEXTS, _TEXTS, max_size=2)), max_size=5))
def test_every_text_comes_back(path: Path, spans: list[tuple[str, str, dict[str, str]]]) -> None:
    with SpanStream(path, Level.LAYER, flush_s=_NEVER_S) as stream:
        for name, kind, attributes in spans:
            stream.finish_span(stream.span(name, Level.LAYER, kind), **{"n": 1} | attributes)
    found = read_stream(path)
    assert [(span.name, span.type) for span in found.trace] == [each[:2] for each in spans]
    assert [span.attributes for span in found.trace] == [{"n": 1} | each[2] for each in spans]
    assert found.diagnostics == ()


def test_spans_come_back_with_all_that_is_known_of_them(path: Path) -> None:
    clock = VirtualClock(100)
    stream = SpanStream(path, Level.LAYER, run=2, tracer="test", now_ns=clock.now_ns)
    with stream:
        stream.begin_iteration(-1)
        with stream.span("predict", Level.MODEL):
            clock.advance(5)
            with stream.span("conv", Level.LAYER, "Conv", n=4):
                clock.advance(7)
    outer, inner = read_stream(path).trace
    assert inner == Span(
        *(2, 1, Level.LAYER, "conv", 105, 112),
        attributes={"n": 4},
        type="Conv",
        tracer="test",
        run=2,
        iteration=-1,
        process=inner.process,
        thread=inner.thread,
    )
    assert (outer.start_ns, outer.end_ns, outer.parent_id) == (100, 112, 0)
    assert outer.thread == threading.get_native_id()


def test_a_function_may_be_traced(path: Path) -> None:
    with SpanStream(path, Level.LAYER) as stream:

        @stream.traced("add", Level.LAYER, "Add", n=2)
        def add(one: int, other: int) -> int:
            """Sum."""
            return one + other

        assert add(1, other=2) == 3
    assert add.__doc__ == "Sum."
    (span,) = read_stream(path).trace
    assert (span.name, span.type, span.attributes) == ("add", "Add", {"n": 2})


def test_a_killed_process_loses_at_most_its_last_block(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "written\n"
        child.send_signal(signal.SIGKILL)
    found = read_stream(path)
    names = [span.name for span in found.trace]
    assert names.count("request") == 1
    assert names.count("predict") == 3
    assert len(names) == 4 + 150
    spans = {span.id: span for span in found.trace}
    last_ns = max(span.end_ns for span in found.trace)
    request = found.trace.named("request")[0]
    assert (request.end_ns, request.attributes) == (last_ns, {"truncated": True})
    assert [span.attributes for span in found.trace.named("predict")] == [
        {},
        {},
        {"truncated": True},
    ]
    for span in found.trace:
        if span.parent_id:
            assert spans[span.parent_id].start_ns <= span.start_ns
            assert span.end_ns <= spans[span.parent_id].end_ns
    assert [(each.kind, each.count) for each in found.diagnostics] == [("cut", 1), ("truncated", 2)]
    assert found.diagnostics[0].what == "spans.arrows was never closed: it has 3 whole blocks"


def test_a_file_cut_anywhere_has_its_whole_blocks(path: Path, tmp_path: Path) -> None:
    ends = []
    with SpanStream(path, Level.LAYER, flush_s=_NEVER_S) as stream:
        stream.flush()
        head = path.stat().st_size
        for block in range(4):
            for _ in range(20):
                with stream.span(f"block {block}", Level.LAYER):
                    pass
            stream.flush()
            ends.append(path.stat().st_size)
    data = path.read_bytes()
    cut_path = tmp_path / "cut.arrows"
    for cut in [*range(head, len(data), 23), ends[0] - 1, ends[0], ends[1] - 1]:
        cut_path.write_bytes(data[:cut])
        found = read_stream(cut_path)
        assert len(found.trace) == 20 * sum(end <= cut for end in ends)
        assert found.diagnostics[0].kind == "cut"


def test_what_is_open_at_the_end_is_truncated(path: Path) -> None:
    clock = VirtualClock()
    with SpanStream(path, Level.LAYER, now_ns=clock.now_ns) as stream:
        stream.start_span("request", Level.APPLICATION, size=3)
        clock.advance(5)
        with stream.span("predict", Level.MODEL):
            clock.advance(5)
    found = read_stream(path)
    (request,) = found.trace.named("request")
    assert (request.end_ns, request.attributes) == (10, {"size": 3, "truncated": True})
    assert [each.kind for each in found.diagnostics] == ["truncated"]


def test_a_dropped_iteration_is_gone_also_where_it_was_written(path: Path) -> None:
    limit = BLOCK * SPAN_BYTES
    with SpanStream(path, Level.LAYER, flush_s=_NEVER_S, limit_bytes=limit) as stream:
        for iteration in range(3):
            stream.begin_iteration(iteration)
            with stream.span("early", Level.LAYER):
                pass
            stream.flush()
            if iteration == 1:
                stream._buffer.dropped.add(1)
    assert stream.diagnostics[0].kind == "dropped_iterations"
    found = read_stream(path)
    assert [span.iteration for span in found.trace] == [0, 2]
    assert [(each.kind, each.count) for each in found.diagnostics] == [("dropped_iterations", 1)]


def test_a_full_disk_ends_the_recording_and_nothing_else() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with SpanStream(full, Level.LAYER) as stream:
        with stream.span("predict", Level.MODEL):
            pass
        stream.flush()
        with stream.span("late", Level.MODEL) as late:
            pass
        assert not late
    (failed,) = stream.diagnostics
    assert failed.kind == "disk_failed"
    assert failed.what == "the trace ends early: No space left on device"


def test_a_name_that_is_no_text_ends_the_recording_and_nothing_else(path: Path) -> None:
    with SpanStream(path, Level.LAYER, flush_s=_NEVER_S) as stream:
        with stream.span("fine", Level.MODEL):
            pass
        stream.flush()
        with stream.span(7, Level.MODEL):  # type: ignore[arg-type]
            pass
    assert [each.kind for each in stream.diagnostics] == ["capture_failed"]
    assert [span.name for span in read_stream(path).trace] == ["fine"]


def test_attributes_that_json_lacks_are_told_by_their_text(path: Path) -> None:
    span: Any = {"path": Path("a/b")}
    with SpanStream(path, Level.LAYER) as stream, stream.span("x", Level.MODEL, **span):
        pass
    assert read_stream(path).trace.spans[0].attributes == {"path": "a/b"}


def test_an_empty_stream_is_an_empty_trace(path: Path) -> None:
    SpanStream(path, Level.LAYER).close()
    found = read_stream(path)
    assert len(found.trace) == 0
    assert found.diagnostics == ()


def test_closing_twice_is_closing_once(path: Path) -> None:
    stream = SpanStream(path, Level.LAYER)
    stream.close()
    stream.close()
    stream.flush()
    assert stream.diagnostics == ()


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError) as caught:
        SpanStream(tmp_path / "none" / "spans.arrows", Level.LAYER)
    assert caught.value.what == "no trace can be written to spans.arrows: No such file or directory"


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff" * 400, b"\xff\xff\xff\xff\x00\x00\x00\x00"]
)
def test_refuses_what_is_no_stream(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_stream(path)
    assert caught.value.what == "spans.arrows is not a stream of spans"
    assert caught.value.fix == "give a file that dlscope recorded spans to"


def test_refuses_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(DataError, match=r"spans\.arrows cannot be read: No such file"):
        read_stream(path)


def test_sizes_keep_to_their_bars(path: Path, tmp_path: Path) -> None:
    count = 60_000
    with SpanStream(path, Level.LAYER) as stream:
        for number in range(count):
            with stream.span(f"layer {number % 60}", Level.LAYER, "Conv"):
                pass
    assert path.stat().st_size <= 50 * count
    to_parquet(path, tmp_path / "spans.parquet")
    assert (tmp_path / "spans.parquet").stat().st_size <= 20 * count


def test_the_archive_has_every_span_and_no_other(path: Path, tmp_path: Path) -> None:
    with SpanStream(path, Level.LAYER, flush_s=_NEVER_S) as stream:
        for iteration in range(3):
            stream.begin_iteration(iteration)
            with stream.span("predict \udcff", Level.MODEL):
                stream.flush()
                with stream.span("conv", Level.LAYER, n=iteration):
                    pass
        stream.start_span("open", Level.MODEL)
    target = tmp_path / "spans.parquet"
    told = to_parquet(path, target)
    found = read_stream(path)
    assert [each.kind for each in told] == ["truncated"]
    assert told == found.diagnostics
    assert trace_of(pq.read_table(target)).sorted().spans == found.trace.spans
    assert len(found.trace) == 7


def test_an_archive_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"hello")
    with pytest.raises(DataError):
        to_parquet(path, tmp_path / "spans.parquet")
    assert [each.name for each in tmp_path.iterdir()] == ["spans.arrows"]


@pytest.mark.parametrize(("right", "wrong"), [(b"torch", b"\xff\xfe123"), (b"4711471", b"47x1471")])
def test_refuses_a_head_that_is_damaged(path: Path, right: bytes, wrong: bytes) -> None:
    stream = SpanStream(path, Level.LAYER, run=4711471, tracer="torch")
    with stream.span("forward", Level.MODEL):
        pass
    stream.close()
    path.write_bytes(path.read_bytes().replace(right, wrong[: len(right)]))
    with pytest.raises(DataError, match=r"spans\.arrows is not a stream of spans"):
        read_stream(path)
