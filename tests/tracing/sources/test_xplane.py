from __future__ import annotations

import pytest

from dlscope.core.errors import BackendError
from dlscope.core.trace import UNRESOLVED, Attribute, Level
from dlscope.tracing.sources.xplane import Marked, XEvent, kind_of, read_xplane, shift_of

CPU, MAIN, POOL = "/host:CPU", "tf_XLAPjRtCpuClient/85", "tf_XLAEigen/61"


def event(
    name: str,
    start_ns: int,
    duration_ns: int,
    line: str = MAIN,
    plane: str = CPU,
    **stats: Attribute,
) -> XEvent:
    return XEvent(plane, line, name, start_ns, duration_ns, stats)


def operation(
    name: str, start_ns: int, duration_ns: int, number: int, line: str = MAIN, plane: str = CPU
) -> XEvent:
    told: dict[str, Attribute] = {"hlo_op": name, "hlo_module": "jit_f", "program_id": 6, "_pt": 0}
    return event(name, start_ns, duration_ns, line, plane, run_id=7, _p=number, **told)


def end(name: str, start_ns: int, duration_ns: int, number: int, line: str = MAIN) -> XEvent:
    return event(f"end: {name}", start_ns, duration_ns, line, _ct=0, _c=number)


def test_operations_of_the_host_are_spans_of_the_compiler_on_the_trace_clock() -> None:
    events = [
        event("PjitFunction(f)", 0, 900, "python"),
        operation("dot.3", 400, 50, 2),
        operation("add_tanh_fusion.1", 100, 30, 1),
        operation("dot.3", 400, 50, 3, plane="/device:GPU:0"),
    ]
    trace = read_xplane(events, 10_000, process=42)
    assert [(s.name, s.type, s.start_ns, s.end_ns) for s in trace] == [
        ("add_tanh_fusion.1", "fusion", 10_100, 10_130),
        ("dot.3", "dot", 10_400, 10_450),
    ]
    for span in trace:
        assert (span.level, span.tracer, span.process) == (Level.COMPILER, "xplane", 42)
        assert (span.parent_id, span.kind) == (UNRESOLVED, "sync")
        assert span.attributes == {"hlo_module": "jit_f", "program_id": 6}


def test_lines_have_threads_of_their_own_that_no_system_numbers() -> None:
    events = [operation("a", 0, 10, 1), operation("b", 5, 10, 2, POOL), operation("c", 20, 1, 3)]
    assert [span.thread for span in read_xplane(events, 0, 42)] == [-1, -2, -1]


def test_an_operation_that_returned_early_ends_when_its_work_does() -> None:
    events = [operation("convolution", 100, 20, 5), end("convolution", 690, 10, 5, POOL)]
    (span,) = read_xplane(events, 0, 42)
    assert (span.start_ns, span.end_ns) == (100, 700)


def test_the_end_of_another_execution_is_not_its_own() -> None:
    events = [
        operation("convolution", 100, 20, 5),
        end("convolution", 690, 10, 6),
        event("end: convolution", 800, 10, _ct=15, _c=5),
    ]
    (span,) = read_xplane(events, 0, 42)
    assert span.end_ns == 120


def test_the_end_told_within_an_operation_does_not_cut_it() -> None:
    (span,) = read_xplane([operation("dot", 100, 20, 5), end("dot", 118, 1, 5)], 0, 42)
    assert (span.end_ns, span.thread) == (120, -1)


def test_late_operations_lie_in_no_other_one_of_their_thread() -> None:
    events = [
        *(operation("long", 0, 5, 1), end("long", 99, 1, 1, POOL)),
        *(operation("short", 10, 5, 2), end("short", 49, 1, 2, POOL)),
        operation("call", 60, 20, 3),
        *(operation("next", 110, 5, 4), end("next", 149, 1, 4, POOL)),
    ]
    found = {span.name: span.thread for span in read_xplane(events, 0, 42)}
    assert found["next"] == found["long"]
    assert len({found["long"], found["short"], found["call"]}) == 3


def test_nothing_gives_no_spans() -> None:
    assert len(read_xplane([], 0, 42)) == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("convolution", "convolution"),
        ("dot.12", "dot"),
        ("fusion", "fusion"),
        ("loop_add_fusion.2.clone.1", "fusion"),
        ("custom-call.3", "custom-call"),
        ("wrapped_reduce-window.1", "reduce-window"),
        ("copy.remat", "copy"),
    ],
)
def test_the_name_tells_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_an_annotation_lies_in_the_middle_of_where_it_may_be() -> None:
    events = [event("other", 0, 1), event("here", 1_000, 100, "python"), event("here", 9_000, 1)]
    # It may have begun from 5_000 to 5_300 of the trace clock.
    assert shift_of(events, [Marked("here", 5_000, 5_400)]) == 4_150


def test_of_several_annotations_each_leaves_less_doubt() -> None:
    events = [event("a", 1_000, 100), event("b", 2_000, 100), event("c", 3_000, 100)]
    marks = [
        Marked("a", 5_000, 99_000),  # interrupted after it: 4_000 or more
        Marked("b", 6_040, 6_200),  # from 4_040 to 4_100
        Marked("c", 1_000, 7_160),  # interrupted before it: 4_060 or less
    ]
    assert shift_of(events, marks) == 4_050


def test_a_profile_without_the_annotation_is_refused() -> None:
    with pytest.raises(BackendError) as caught:
        shift_of([event("other", 0, 1)], [Marked("here", 0, 1)])
    assert caught.value.describe() == (
        "BackendError: the profile has no annotation 'here'\n"
        "  where  xplane\n"
        "  fix    profile again, with no other profiler of XLA running"
    )
