from __future__ import annotations

import threading
import time

import pytest

from dlscope.core.trace import Level, Span
from dlscope.tracing.clock import MonotonicClock, VirtualClock
from dlscope.tracing.recorder import SpanRecorder


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def recorder(clock: VirtualClock) -> SpanRecorder:
    return SpanRecorder(clock, Level.MODEL)


def _outline(recorder: SpanRecorder) -> list[tuple[str, str, int, int]]:
    """Name, name of the parent, start and end of each span."""
    trace = recorder.trace()
    names = {0: "", **{span.id: span.name for span in trace}}
    return [(span.name, names[span.parent_id], span.start_ns, span.end_ns) for span in trace]


def test_spans_nest_and_follow_one_another(clock: VirtualClock, recorder: SpanRecorder) -> None:
    with recorder.span("request", Level.APPLICATION):
        clock.advance(5)
        with recorder.span("prepare", Level.PIPELINE):
            clock.advance(10)
        with recorder.span("predict", Level.PIPELINE):
            clock.advance(20)
            with recorder.span("model", Level.MODEL):
                clock.advance(30)
    with recorder.span("next", Level.APPLICATION):
        clock.advance(1)
    assert _outline(recorder) == [
        ("request", "", 0, 65),
        ("prepare", "request", 5, 15),
        ("predict", "request", 15, 65),
        ("model", "predict", 35, 65),
        ("next", "", 65, 66),
    ]


def test_deeper_levels_are_left_out(clock: VirtualClock, recorder: SpanRecorder) -> None:
    with recorder.span("predict", Level.MODEL):
        with recorder.span("convolution", Level.LAYER):
            clock.advance(10)
            recorder.add("kernel", Level.KERNEL, 0, 10)
        with recorder.span("copy", Level.MODEL):
            clock.advance(1)
    assert _outline(recorder) == [("predict", "", 0, 11), ("copy", "predict", 10, 11)]


def test_no_level_records_nothing(clock: VirtualClock) -> None:
    recorder = SpanRecorder(clock, Level.NONE)
    with recorder.span("request", Level.APPLICATION):
        recorder.add("read", Level.PIPELINE, 0, 1)
    assert len(recorder.trace()) == 0


def test_adds_what_was_timed_elsewhere(recorder: SpanRecorder) -> None:
    recorder.add("import", Level.APPLICATION, 3, 9, module="torch")
    with recorder.span("request", Level.APPLICATION):
        recorder.add("read", Level.PIPELINE, 1, 2, size_bytes=10)
    trace = recorder.trace()
    (request,) = trace.named("request")
    assert trace.named("read") == (
        Span(3, request.id, Level.PIPELINE, "read", 1, 2, attributes={"size_bytes": 10}),
    )
    assert trace.named("import")[0].parent_id == 0


def test_spans_come_in_order_of_start(recorder: SpanRecorder) -> None:
    for name, start in (("late", 30), ("early", 10), ("first of two", 20), ("second of two", 20)):
        recorder.add(name, Level.MODEL, start, 40)
    names = [span.name for span in recorder.trace()]
    assert names == ["early", "first of two", "second of two", "late"]


def test_ids_are_unique_and_no_span_is_its_own_parent(recorder: SpanRecorder) -> None:
    for _ in range(3):
        with recorder.span("outer", Level.PIPELINE), recorder.span("inner", Level.MODEL):
            pass
    ids = [span.id for span in recorder.trace()]
    assert sorted(ids) == [1, 2, 3, 4, 5, 6]
    assert all(span.parent_id != span.id for span in recorder.trace())


def test_a_span_ends_when_its_body_fails(clock: VirtualClock, recorder: SpanRecorder) -> None:
    with pytest.raises(ZeroDivisionError), recorder.span("predict", Level.MODEL):
        clock.advance(10)
        raise ZeroDivisionError
    with recorder.span("next", Level.MODEL):
        clock.advance(1)
    assert _outline(recorder) == [("predict", "", 0, 10), ("next", "", 10, 11)]


def test_each_thread_nests_its_own_spans(recorder: SpanRecorder) -> None:
    both_open = threading.Barrier(2)

    def work(name: str) -> None:
        with recorder.span(name, Level.PIPELINE):
            both_open.wait()
            with recorder.span(f"{name} inside", Level.MODEL):
                both_open.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    with recorder.span("main", Level.APPLICATION):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    parents = {name: parent for name, parent, _, _ in _outline(recorder)}
    assert parents == {
        "main": "",
        "one": "",
        "two": "",
        "one inside": "one",
        "two inside": "two",
    }


def test_many_threads_lose_no_span(recorder: SpanRecorder) -> None:
    def work() -> None:
        for _ in range(200):
            with recorder.span("step", Level.MODEL):
                recorder.add("part", Level.MODEL, 0, 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trace = recorder.trace()
    assert len({span.id for span in trace}) == len(trace) == 1600


def test_cpu_time_is_that_of_the_body() -> None:
    recorder = SpanRecorder(MonotonicClock(), Level.MODEL)
    with recorder.span("busy", Level.MODEL):
        until = time.process_time_ns() + 3_000_000
        while time.process_time_ns() < until:
            pass
    with recorder.span("idle", Level.MODEL):
        time.sleep(0.02)
    busy, idle = (span.attributes["cpu_ns"] for span in recorder.trace())
    assert busy >= 3_000_000
    assert isinstance(idle, int)
    assert idle < recorder.trace().named("idle")[0].duration_ns


def test_attributes_are_kept(recorder: SpanRecorder) -> None:
    with recorder.span("predict", Level.MODEL, n=4, device="cpu", fused=True):
        pass
    attributes = dict(recorder.trace().spans[0].attributes)
    assert isinstance(attributes.pop("cpu_ns"), int)
    assert attributes == {"n": 4, "device": "cpu", "fused": True}
