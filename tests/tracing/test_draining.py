from __future__ import annotations

from typing import ClassVar, final

from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.tracing.draining import drained
from dlscope.tracing.tracer import Diagnostic, Drained, Tracer


@final
class Told(Tracer):
    """Tells the spans it was made with, or fails."""

    name: ClassVar[str] = "told"
    levels: ClassVar[tuple[Level, ...]] = (Level.LAYER,)

    def __init__(self, *spans: Span, fails: bool = False) -> None:
        self._spans, self._fails = spans, fails

    def _start(self) -> None:
        """Nothing to begin."""

    def _stop(self) -> None:
        """Nothing to end."""

    def _drain(self) -> Drained:
        if self._fails:
            raise RuntimeError("no")
        return Drained(Trace(self._spans), (Diagnostic("capped", "enough"),))


def span(number: int, parent: int, level: Level, start_us: int, end_us: int, **fields) -> Span:
    times = (1_000 * start_us, 1_000 * end_us)
    return Span(number, parent, level, level.name, *times, **fields)


MODEL = Trace(
    [
        span(1, 0, Level.MODEL, 100, 200, run=2, iteration=0),
        span(2, 0, Level.MODEL, 300, 400, run=2, iteration=1),
    ]
)


def stopped(*tracers: Tracer) -> tuple[Tracer, ...]:
    for tracer in tracers:
        tracer.start()
        tracer.stop()
    return tracers


def test_what_lay_in_a_measured_call_is_of_its_iteration() -> None:
    told = Told(
        span(1, UNRESOLVED, Level.LAYER, 10, 20),
        span(2, UNRESOLVED, Level.LAYER, 110, 120),
        span(3, UNRESOLVED, Level.LAYER, 310, 320),
    )
    (trace,), diagnostics = drained(stopped(told), MODEL)
    assert [(each.id, each.run, each.iteration) for each in trace] == [(2, 2, 0), (3, 2, 1)]
    assert diagnostics == (Diagnostic("capped", "enough"),)


def test_a_span_of_the_model_that_a_tracer_tells_is_left_out_and_its_children_are_not() -> None:
    told = Told(
        span(1, 0, Level.MODEL, 100, 200),
        span(2, 1, Level.LAYER, 110, 150),
        span(3, 2, Level.LIBRARY, 120, 130),
    )
    (trace,), _ = drained(stopped(told), MODEL)
    assert [(each.id, each.parent_id) for each in trace] == [(2, UNRESOLVED), (3, 2)]


def test_a_tracer_that_fails_tells_nothing_but_that() -> None:
    traces, diagnostics = drained(stopped(Told(fails=True)), MODEL)
    assert [len(trace) for trace in traces] == [0]
    assert [each.kind for each in diagnostics] == ["tracer_failed"]
