from __future__ import annotations

from dlscope.core.trace import Level
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.sources.host_spans import Caller
from dlscope.tracing.sources.library_calls import LibraryCall, Windows, lines_with, placed, timed

CLOCK = EpochClock(Anchor(monotonic_ns=0, offset_ns=1_000, error_ns=0))


def _call(name: str, duration_ns: int, offset_bytes: int, **others) -> LibraryCall:
    return LibraryCall(name, duration_ns, offset_bytes, **others)


def test_lines_are_found_after_what_a_program_wrote() -> None:
    found = list(lines_with(b"MKL ", b"hello\nhello MKL a\r\nMKL b\nMK"))
    assert found == [(12, "MKL a"), (19, "MKL b")]


def test_timed_calls_come_to_the_trace_clock() -> None:
    calls = [_call("conv", 50, 0, epoch_ns=1_100, attributes={"impl": "jit"}), _call("none", 1, 9)]
    (span,) = timed(calls, CLOCK, "onednn", Caller(1, 2))
    assert (span.level, span.name, span.type) == (Level.LIBRARY, "conv", "conv")
    assert (span.start_ns, span.end_ns) == (100, 150)
    assert (span.process, span.thread, span.attributes) == (1, 2, {"impl": "jit"})


def test_the_kernel_of_a_call_is_its_implementation() -> None:
    calls = [_call("conv", 50, 0, epoch_ns=1_100, attributes={"impl": "jit"})]
    library, kernel = timed(calls, CLOCK, "onednn", levels=(Level.LIBRARY, Level.KERNEL))
    assert (kernel.level, kernel.name, kernel.type) == (Level.KERNEL, "jit", "jit")
    assert (kernel.start_ns, kernel.end_ns) == (library.start_ns, library.end_ns)
    assert kernel.attributes == {"source": "impl", "primitive": "conv"}


def test_untimed_calls_lie_end_to_end_in_the_window_in_which_they_were_written() -> None:
    windows = Windows.of([(100, 200, 10), (300, 400, 10), (500, 600, 30)])
    calls = [_call("a", 20, 0), _call("b", 30, 5), _call("c", 40, 10), _call("d", 1, 30)]
    trace, (diagnostic,) = placed(calls, windows, "mkl")
    assert [(s.name, s.start_ns, s.end_ns) for s in trace] == [
        ("a", 100, 120),
        ("b", 120, 150),
        ("c", 500, 540),
    ]
    assert all(span.attributes == {"synthetic_ts": True} for span in trace)
    assert (diagnostic.kind, diagnostic.count) == ("unplaced", 1)
    assert diagnostic.what == "mkl calls outside every layer, which have no time"


def test_without_windows_untimed_calls_have_their_order_alone() -> None:
    trace, diagnostics = placed([_call("a", 20, 0), _call("b", 30, 5)], None, "mkl")
    assert [(s.start_ns, s.end_ns) for s in trace] == [(0, 20), (20, 50)]
    assert diagnostics == ()


def test_with_no_window_at_all_nothing_can_be_placed() -> None:
    trace, (diagnostic,) = placed([_call("a", 20, 0)], Windows.of([]), "mkl")
    assert len(trace) == 0
    assert diagnostic.count == 1
