from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.trace import Level, Span, Trace


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("NONE", Level.NONE),
        ("NO_TRACE", Level.NONE),
        ("application", Level.APPLICATION),
        ("Model", Level.MODEL),
        ("FRAMEWORK", Level.LAYER),
        ("LAYER", Level.LAYER),
        ("ML_LIBRARY", Level.LIBRARY),
        ("SYSTEM", Level.KERNEL),
        ("SYSTEM_LIBRARY", Level.KERNEL),
        ("GPU_KERNEL", Level.KERNEL),
        ("HARDWARE", Level.COUNTER),
        ("FULL", Level.COUNTER),
    ],
)
def test_levels_have_the_names_of_the_papers(name: str, level: Level) -> None:
    assert Level.named(name) is level


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("modle", "did you mean MODEL?"),
        (
            "xyz",
            "use one of APPLICATION, COMPILER, COUNTER, FRAMEWORK, FULL, GPU_KERNEL, HARDWARE, "
            "KERNEL, LAYER, LIBRARY, ML_LIBRARY, MODEL, NONE, NO_TRACE, PIPELINE, SYSTEM, "
            "SYSTEM_LIBRARY",
        ),
    ],
)
def test_refuses_an_unknown_level(name: str, fix: str) -> None:
    with pytest.raises(PlanError) as refusal:
        Level.named(name)
    assert str(refusal.value) == (
        f"PlanError: {name!r} is not a trace level\n  where  trace_level\n  fix    {fix}"
    )


def test_levels_are_ordered_from_the_application_down() -> None:
    assert list(Level) == sorted(Level)
    assert Level.APPLICATION < Level.PIPELINE < Level.MODEL < Level.LAYER < Level.KERNEL


def test_a_trace_is_searched_by_name() -> None:
    predict = [Span(i, 0, Level.MODEL, "predict", 10 * i, 10 * i + 7) for i in (1, 2)]
    trace = Trace((predict[0], Span(3, 1, Level.LAYER, "conv", 11, 14), predict[1]))
    assert trace.named("predict") == tuple(predict)
    assert trace.named("softmax") == ()
    assert len(trace) == 3
    assert [span.duration_ns for span in trace] == [7, 3, 7]
    assert len(Trace()) == 0
