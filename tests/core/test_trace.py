from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import PlanError
from dlscope.core.trace import COLUMNS, TEXTS, Level, Span, Trace, attributes_text

LAUNCH = Span(
    *(3, 1, Level.LIBRARY, "launch", 12, 13),
    kind="launch",
    correlation_id=9,
    attributes={"grid": "1,1", "flops": 2.5, "n": 3, "fused": True, "name": '\u00e9 "a"\n'},
    type="gemm",
    tracer="device",
    run=2,
    iteration=-1,
    index=4,
    process=77,
    thread=2**40,
    device=0,
    stream=5,
    cpu_ns=1,
    link_id=6,
    parent_kind="contained",
)
MODEL = Span(1, 0, Level.MODEL, "model", 10, 20)


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


def test_a_span_comes_out_of_the_columns_as_it_went_in() -> None:
    trace = Trace([MODEL, LAUNCH])
    assert trace.spans == (MODEL, LAUNCH)
    assert trace.attributes_at(1) == dict(LAUNCH.attributes)
    assert trace["thread"].tolist() == [0, 2**40]


def test_columns_have_the_dtypes_that_are_declared() -> None:
    least = {"id": [1], "level": [30], "start_ns": [0], "end_ns": [1]}
    for trace in (Trace([MODEL]), Trace(), Trace.of_columns(least, [])):
        assert {name: trace[name].dtype.name for name in COLUMNS} == dict(COLUMNS)


def test_a_text_column_holds_places_in_the_texts() -> None:
    trace = Trace([MODEL, LAUNCH, MODEL])
    assert trace.text("name").tolist() == ["model", "launch", "model"]
    assert len(set(trace.texts)) == len(trace.texts)
    assert all(trace[name].max() < len(trace.texts) for name in TEXTS)


def test_a_column_that_is_left_out_has_the_default_of_a_span() -> None:
    columns = {
        "id": [1, 2],
        "level": [30, 40],
        "start_ns": [0, 1],
        "end_ns": [9, 2],
        "name": [1, 0],
    }
    trace = Trace.of_columns(columns, ["conv", "model"])
    assert trace.spans == (
        Span(1, 0, Level.MODEL, "model", 0, 9),
        Span(2, 0, Level.LAYER, "conv", 1, 2),
    )


def test_texts_that_are_there_twice_name_the_same() -> None:
    columns = {"id": [1, 2, 3], "level": [40] * 3, "start_ns": [0] * 3, "end_ns": [1] * 3}
    trace = Trace.of_columns({**columns, "name": [0, 1, 2]}, ["conv", "relu", "conv"])
    assert [span.id for span in trace.named("conv")] == [1, 3]
    other = Trace.of_columns({**columns, "name": [0, 1, 0]}, ["conv", "relu"])
    assert trace == other
    assert hash(trace) == hash(other)


@pytest.mark.parametrize(
    "rows", [np.array([1]), np.array([False, True]), np.array([-1])], ids=["places", "mask", "last"]
)
def test_some_of_the_spans_are_taken(rows: np.ndarray) -> None:
    trace = Trace([MODEL, LAUNCH])
    assert trace.take(rows).spans == (LAUNCH,)
    assert len(trace) == 2


def test_columns_are_replaced_in_another_trace() -> None:
    trace = Trace([MODEL, LAUNCH])
    moved = trace.with_columns(parent_id=np.array([0, -1]), iteration=np.array([3, 3]))
    assert [(span.parent_id, span.iteration) for span in moved] == [(0, 3), (-1, 3)]
    assert moved.spans[1].attributes == LAUNCH.attributes
    assert trace.spans == (MODEL, LAUNCH)


def test_a_parent_is_sorted_before_its_children_and_runs_stay_apart() -> None:
    first = Span(5, 0, Level.MODEL, "model", 0, 9, run=0)
    outer = Span(4, 0, Level.MODEL, "model", 0, 9, run=1)
    same = Span(2, 4, Level.LAYER, "as long", 0, 9, run=1)
    inner = Span(1, 4, Level.LAYER, "short", 0, 3, run=1)
    late = Span(3, 4, Level.LAYER, "late", 4, 6, run=1)
    assert Trace([late, inner, same, outer, first]).sorted().spans == (
        first,
        outer,
        same,
        inner,
        late,
    )


def test_merged_traces_keep_their_texts_and_ids() -> None:
    a, b = Trace([MODEL]), Trace([LAUNCH, MODEL])
    merged = Trace.merged([a, Trace(), b])
    assert merged.spans == (MODEL, LAUNCH, MODEL)
    assert len(set(merged.texts)) == len(merged.texts)
    assert Trace.merged([]) == Trace.merged([Trace()]) == Trace()


def test_traces_are_equal_by_their_spans() -> None:
    assert Trace([MODEL]) == Trace([MODEL])
    assert Trace([MODEL]) != Trace([MODEL, MODEL])
    assert Trace([MODEL]) != Trace([LAUNCH])
    assert Trace([MODEL]) != (MODEL,)
    assert repr(Trace([MODEL])) == "<Trace of 1 spans>"


def test_no_spans_are_a_trace() -> None:
    empty = Trace()
    assert empty.spans == ()
    assert empty.named("model") == ()
    assert empty.text("name").tolist() == []
    assert empty.take(np.empty(0, dtype=np.int64)) == empty.sorted() == empty
    assert empty.with_columns(run=np.empty(0, dtype=np.int32)) == empty


def test_attributes_are_kept_as_json() -> None:
    assert attributes_text({}) == "{}"
    assert attributes_text({"impl": "jit:ä", "n": 1}) == '{"impl": "jit:ä", "n": 1}'
    with pytest.raises(TypeError):
        attributes_text({"shape": object()})  # type: ignore[dict-item]
