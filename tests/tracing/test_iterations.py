from __future__ import annotations

from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.iterations import numbered, within

MODEL = Trace(
    [
        Span(1, 0, Level.MODEL, "model", 0, 10_000, run=2, iteration=-1),
        Span(2, 0, Level.MODEL, "model", 20_000, 30_000, run=2, iteration=0),
    ]
)


def test_spans_belong_to_the_iteration_that_they_lie_in() -> None:
    spans = [
        Span(1, 0, Level.LAYER, "warm-up", 5_000, 6_000),
        Span(2, 0, Level.LAYER, "between", 12_000, 13_000),
        Span(3, 0, Level.LAYER, "a little early", 19_500, 21_000),
        Span(4, 0, Level.LAYER, "too long", 29_000, 32_000),
        Span(5, 0, Level.KERNEL, "late on a device", 29_000, 32_000, device=0),
    ]
    found = within(Trace(spans), MODEL)
    assert [(span.name, span.run, span.iteration) for span in found] == [
        ("warm-up", 2, -1),
        ("a little early", 2, 0),
        ("late on a device", 2, 0),
    ]


def test_nothing_lies_in_no_iteration() -> None:
    assert len(within(MODEL, Trace())) == 0
    assert len(within(Trace(), MODEL)) == 0


def test_siblings_of_one_level_are_counted_in_order_of_start() -> None:
    spans = [
        Span(4, 1, Level.LAYER, "second", 30, 40),
        Span(3, 1, Level.LAYER, "first", 10, 20),
        Span(5, 3, Level.LIBRARY, "call", 12, 14),
        Span(6, 4, Level.LIBRARY, "call", 32, 34),
        Span(7, 1, Level.LAYER, "again", 5, 6, iteration=1),
    ]
    assert numbered(Trace(spans))["index"].tolist() == [1, 0, 0, 0, 0]
