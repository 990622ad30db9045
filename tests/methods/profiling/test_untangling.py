"""Hand-written overlap: two layers at once, whose calls only a serial run can tell apart."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.methods.profiling.untangling import SERIAL, SOURCE, untangled
from dlscope.tracing.merge import merge

Call = tuple[str, int, int]
HELPER = 9


def trace(layers: Iterable[Call], calls: Iterable[Call], iteration: int = 0, **fields) -> Trace:
    """A model of 1000 µs with layers on threads of their own and calls on that of a helper."""
    begin = 10_000_000 * iteration
    place = {"iteration": iteration}
    spans = [Span(1, 0, Level.MODEL, "model", begin, begin + 1_000_000, **place)]

    def add(level: Level, call: Call, thread: int, **more) -> None:
        name, start, end = call
        times = (begin + 1_000 * start, begin + 1_000 * end)
        number = len(spans) + 1
        spans.append(Span(number, UNRESOLVED, level, name, *times, thread=thread, **place, **more))

    for number, layer in enumerate(layers, 1):
        add(Level.LAYER, layer, number)
    for call in calls:
        add(Level.LIBRARY, call, HELPER, **fields)
    return merge([Trace(spans)]).trace


def parents(of: Trace) -> list[tuple[str, str | None, str]]:
    names = {span.id: span.name for span in of}
    calls = sorted((span for span in of if span.level > Level.LAYER), key=lambda each: each.id)
    return [(span.name, names.get(span.parent_id), span.parent_kind) for span in calls]


SERIAL_LAYERS = [("left", 0, 300), ("right", 300, 600)]
AT_ONCE = [("left", 0, 300), ("right", 0, 300)]


def test_a_parent_is_that_of_the_serial_run_and_times_stay() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20), ("copy", 310, 320)])
    found, count = untangled(trace(AT_ONCE, [("copy", 100, 120), ("gemm", 150, 160)]), serial)
    assert count == 2
    assert parents(found) == [("copy", "right", "contained"), ("gemm", "left", "contained")]
    (copy,) = found.named("copy")
    assert (copy.start_ns, copy.end_ns) == (100_000, 120_000)
    assert copy.attributes[SOURCE] == SERIAL


def test_what_was_told_by_times_is_left_alone() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 310, 320)])
    parallel = trace(SERIAL_LAYERS, [("gemm", 10, 20)])
    assert untangled(parallel, serial) == (parallel, 0)


def test_a_parent_that_has_its_child_already_makes_room_for_the_other() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20), ("gemm", 310, 320)])
    layers = [("left", 0, 300), ("right", 200, 500)]
    found, count = untangled(trace(layers, [("gemm", 100, 120), ("gemm", 250, 260)]), serial)
    assert count == 1
    assert [parent for _, parent, _ in parents(found)] == ["left", "right"]


def test_twins_that_two_parents_may_hold_stay_open() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20), ("gemm", 310, 320)])
    parallel = trace(AT_ONCE, [("gemm", 100, 120), ("gemm", 150, 160)])
    assert untangled(parallel, serial) == (parallel, 0)


def test_more_claims_than_a_parent_has_room_for_stay_open() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20)])
    parallel = trace(AT_ONCE, [("gemm", 100, 120), ("gemm", 150, 160)])
    assert untangled(parallel, serial)[1] == 0


def test_a_parent_that_did_not_run_then_is_not_believed() -> None:
    serial = trace([*SERIAL_LAYERS, ("late", 600, 900)], [("gemm", 610, 620)])
    parallel = trace([*AT_ONCE, ("late", 600, 900)], [("gemm", 100, 120)])
    assert untangled(parallel, serial)[1] == 0


def test_a_call_that_the_serial_run_never_made_stays_open() -> None:
    assert untangled(trace(AT_ONCE, [("new", 100, 120)]), trace(SERIAL_LAYERS, []))[1] == 0
    assert untangled(trace(AT_ONCE, [("new", 100, 120)]), Trace())[1] == 0


def test_shapes_tell_calls_of_one_name_apart() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20)], attributes={"problem": "m8"})
    parallel = trace(AT_ONCE, [("gemm", 100, 120)], attributes={"problem": "m9"})
    assert untangled(parallel, serial)[1] == 0


def test_samples_may_come_in_any_number() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 10)], kind="sample")
    parallel = trace(AT_ONCE, [("gemm", at, at) for at in (50, 60, 70)], kind="sample")
    found, count = untangled(parallel, serial)
    assert count == 3
    assert {parent for _, parent, _ in parents(found)} == {"left"}


def test_every_iteration_is_untangled_by_itself() -> None:
    serial = trace(SERIAL_LAYERS, [("gemm", 10, 20), ("copy", 310, 320)])
    parts = [trace(AT_ONCE, [("gemm", 100, 120), ("copy", 90, 95)], number) for number in (0, 1)]
    found, count = untangled(merge(parts).trace, serial)
    assert count == 4
    assert {kind for _, _, kind in parents(found)} == {"contained"}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1)), max_size=5))
def test_no_parent_is_given_more_than_it_held_in_the_serial_run(told) -> None:
    calls = [
        (name, 10 + 300 * side + 20 * n, 20 + 300 * side + 20 * n)
        for n, (name, side) in enumerate(told)
    ]
    serial = trace(SERIAL_LAYERS, calls)
    at_once = [(name, 50 + 20 * n, 55 + 20 * n) for n, (name, _) in enumerate(told)]
    found, count = untangled(trace(AT_ONCE, at_once), serial)
    held = parents(serial)
    given_now = [(name, parent) for name, parent, kind in parents(found) if kind == "contained"]
    assert len(given_now) == count
    for name, parent in set(given_now):
        assert given_now.count((name, parent)) <= held.count((name, parent, "contained"))
    # A name that one side alone called is always told.
    sides = {name: {side for each, side in told if each == name} for name, _ in told}
    sure = sum(len(sides[name]) == 1 for name, _ in told)
    assert count >= sure
