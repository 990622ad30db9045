from __future__ import annotations

import os
import threading
import time

import pytest

from dlscope.core.trace import Level, Span
from dlscope.tracing.capture import BLOCK, NOTHING, SPAN_BYTES, LiveSpan, SpanBuffer
from dlscope.tracing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def buffer(clock: VirtualClock) -> SpanBuffer:
    return SpanBuffer(Level.LAYER, now_ns=clock.now_ns)


def _outline(spans: list[LiveSpan]) -> list[tuple[str, int, int, int, int]]:
    return [(span.name, span.id, span.parent_id, span.start_ns, span.end_ns) for span in spans]


def test_spans_nest(clock: VirtualClock, buffer: SpanBuffer) -> None:
    with buffer.span("predict", Level.MODEL):
        clock.advance(5)
        with buffer.span("conv", Level.LAYER, "Conv", n=4):
            clock.advance(7)
    with buffer.span("next", Level.MODEL):
        clock.advance(1)
    spans = buffer.take()
    assert _outline(spans) == [
        ("conv", 2, 1, 5, 12),
        ("predict", 1, 0, 0, 12),
        ("next", 3, 0, 12, 13),
    ]
    assert (spans[0].type, spans[0].attributes) == ("Conv", {"n": 4})
    assert spans[1].attributes is None


def test_deeper_levels_are_one_shared_object(buffer: SpanBuffer) -> None:
    with buffer.span("kernel", Level.KERNEL) as found:
        pass
    assert buffer.span("kernel", Level.KERNEL) is NOTHING
    assert not isinstance(found, LiveSpan)
    assert buffer.take() == []


def test_an_error_passes_through_and_ends_the_span(buffer: SpanBuffer) -> None:
    for level in (Level.MODEL, Level.KERNEL):
        with pytest.raises(ZeroDivisionError), buffer.span("x", level):
            raise ZeroDivisionError
    with buffer.span("next", Level.MODEL):
        pass
    assert [(span.name, span.parent_id) for span in buffer.take()] == [("x", 0), ("next", 0)]


def test_explicit_spans_end_in_any_order_and_are_nobodys_parent(
    clock: VirtualClock, buffer: SpanBuffer
) -> None:
    with buffer.span("predict", Level.MODEL):
        first = buffer.start_span("first", Level.LAYER)
        second = buffer.start_span("second", Level.LAYER, parent=first)
        with buffer.span("inside", Level.LAYER):
            clock.advance(1)
        buffer.finish_span(first, bytes=8)
        clock.advance(1)
        buffer.finish_span(second)
        buffer.finish_span(second)
    spans = {span.name: span for span in buffer.take()}
    assert {name: span.parent_id for name, span in spans.items()} == {
        "predict": 0,
        "first": 1,
        "second": 2,
        "inside": 1,
    }
    assert (spans["first"].end_ns, spans["second"].end_ns) == (1, 2)
    assert spans["first"].attributes == {"bytes": 8}


def test_a_span_may_be_finished_by_another_thread(buffer: SpanBuffer) -> None:
    span = buffer.start_span("request", Level.APPLICATION)
    worker = threading.Thread(target=buffer.finish_span, args=(span,))
    worker.start()
    worker.join()
    assert [each.name for each in buffer.take()] == ["request"]


def test_finishing_what_is_not_recorded_does_nothing(buffer: SpanBuffer) -> None:
    buffer.finish_span(buffer.start_span("kernel", Level.KERNEL), bytes=8)
    assert buffer.take() == []


def test_spans_that_end_before_their_children_leave_the_stack(buffer: SpanBuffer) -> None:
    outer = buffer.span("outer", Level.MODEL)
    inner = buffer.span("inner", Level.LAYER)
    buffer.finish_span(outer)
    with buffer.span("next", Level.LAYER):
        pass
    buffer.finish_span(inner)
    assert [(span.name, span.parent_id) for span in buffer.take()] == [
        ("outer", 0),
        ("next", 2),
        ("inner", 1),
    ]


def test_many_threads_lose_no_span_while_spans_are_taken(buffer: SpanBuffer) -> None:
    def work() -> None:
        for _ in range(500):
            with buffer.span("step", Level.MODEL), buffer.span("part", Level.LAYER):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    spans = []
    while any(thread.is_alive() for thread in threads):
        spans += buffer.take()
    spans += buffer.take()
    assert len({span.id for span in spans}) == len(spans) == 4000
    by_id = {span.id: span for span in spans}
    for span in spans:
        if span.name == "part":
            assert by_id[span.parent_id].thread is span.thread


def test_open_spans_are_told_once(buffer: SpanBuffer) -> None:
    with buffer.span("outer", Level.MODEL):
        request = buffer.start_span("request", Level.MODEL)
        assert [span.name for span in buffer.newly_open()] == ["outer", "request"]
        with buffer.span("inner", Level.LAYER):
            assert [span.name for span in buffer.newly_open()] == ["inner"]
    buffer.finish_span(request)
    assert buffer.newly_open() == []


def test_what_was_taken_is_a_trace_of_this_process_in_order_of_start(
    clock: VirtualClock, buffer: SpanBuffer
) -> None:
    buffer.begin_iteration(3)
    with buffer.span("request", Level.PIPELINE, "batch", n=4):
        clock.advance(5)
        with buffer.span("model", Level.MODEL):
            clock.advance(10)
    place = {"iteration": 3, "process": os.getpid(), "thread": threading.get_native_id()}
    place["tracer"] = "dlscope"
    assert buffer.take_trace().spans == (
        Span(1, 0, Level.PIPELINE, "request", 0, 15, type="batch", attributes={"n": 4}, **place),
        Span(2, 1, Level.MODEL, "model", 5, 15, **place),
    )
    assert len(buffer.take_trace()) == 0


def test_the_cost_of_a_body_is_the_cpu_time_of_the_process() -> None:
    buffer = SpanBuffer(Level.MODEL)
    with buffer.costed("busy", Level.MODEL, n=2):
        until = time.process_time_ns() + 3_000_000
        while time.process_time_ns() < until:
            pass
    with buffer.costed("idle", Level.MODEL):
        time.sleep(0.02)
    busy, idle = buffer.take_trace()
    assert busy.attributes["n"] == 2
    assert int(busy.attributes["cpu_ns"]) >= 3_000_000
    assert int(idle.attributes["cpu_ns"]) < idle.duration_ns


def test_a_body_that_fails_has_its_cost_and_one_too_deep_has_none(buffer: SpanBuffer) -> None:
    with pytest.raises(ZeroDivisionError), buffer.costed("predict", Level.MODEL):
        raise ZeroDivisionError
    with buffer.costed("kernel", Level.KERNEL):
        pass
    (span,) = buffer.take_trace()
    assert (span.name, list(span.attributes)) == ("predict", ["cpu_ns"])


def _fill(buffer: SpanBuffer, spans: int) -> None:
    for _ in range(spans):
        with buffer.span("x", Level.LAYER):
            pass


def test_an_iteration_that_does_not_fit_is_dropped_whole() -> None:
    calls: list[int] = []
    buffer = SpanBuffer(
        Level.LAYER, limit_bytes=BLOCK * SPAN_BYTES, on_block=lambda: calls.append(1)
    )
    for iteration, spans in ((-1, 10), (0, BLOCK + 10), (1, 20)):
        buffer.begin_iteration(iteration)
        _fill(buffer, spans)
    kept = [span.iteration for span in buffer.take()]
    assert (kept.count(-1), kept.count(0), kept.count(1)) == (10, 0, 20)
    assert calls == [1]
    (found,) = buffer.diagnostics()
    assert (found.kind, found.count) == ("dropped_iterations", 1)


def test_without_iterations_a_full_memory_ends_the_recording() -> None:
    buffer = SpanBuffer(Level.LAYER, limit_bytes=BLOCK * SPAN_BYTES)
    _fill(buffer, BLOCK + 10)
    assert [each.kind for each in buffer.diagnostics()] == ["memory_full"]
    assert len(buffer.take()) == BLOCK


def test_after_the_stop_nothing_starts_but_what_is_open_ends(buffer: SpanBuffer) -> None:
    with buffer.span("open", Level.MODEL):
        buffer.stop()
        buffer.begin_iteration(3)
        with buffer.span("late", Level.LAYER):
            pass
    assert [span.name for span in buffer.take()] == ["open"]
    assert buffer.diagnostics() == ()
