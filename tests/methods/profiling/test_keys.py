from __future__ import annotations

import dataclasses
import random

from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.methods.profiling.keys import NO_ROW, parent_rows, structural_keys
from dlscope.methods.profiling.sequences import Sequences
from dlscope.tracing.iterations import numbered


def span(number: int, parent: int, level: Level, name: str, **fields) -> Span:
    start = 10 * number
    return Span(number, parent, level, name, start, start + 5, **fields)


def iteration(number: int, names: list[str], run: int = 0) -> list[Span]:
    """A model with these layers, each with two kernels called alike."""
    place = {"run": run, "iteration": number}
    first = 1000 * run + 100 * number + 1
    spans = [span(first, 0, Level.MODEL, "model", **place)]
    for name in names:
        layer = len(spans) + first
        spans.append(span(layer, first, Level.LAYER, name, **place))
        spans.extend(span(layer + each, layer, Level.KERNEL, "gemm", **place) for each in (1, 2))
    return spans


def keys(spans: list[Span]) -> dict[int, int]:
    """The key of each span by its id."""
    trace = numbered(Trace(spans))
    found, _ = structural_keys(trace, parent_rows(trace))
    return dict(zip(trace["id"].tolist(), found.tolist(), strict=True))


def test_the_rows_of_parents() -> None:
    spans = [
        span(7, 3, Level.LAYER, "conv"),
        span(3, 0, Level.MODEL, "model"),
        span(9, UNRESOLVED, Level.KERNEL, "lost"),
        span(8, 99, Level.LAYER, "of nobody"),
    ]
    assert parent_rows(Trace(spans)).tolist() == [1, NO_ROW, NO_ROW, NO_ROW]
    assert parent_rows(Trace()).tolist() == []


def test_the_same_part_of_every_iteration_and_run_has_one_key() -> None:
    spans = [*iteration(0, ["a", "b"]), *iteration(1, ["a", "b"]), *iteration(0, ["a", "b"], run=1)]
    found = keys(spans)
    assert len(set(found.values())) == 7
    firsts, seconds, others = list(found)[:7], list(found)[7:14], list(found)[14:]
    for one, two, three in zip(firsts, seconds, others, strict=True):
        assert found[one] == found[two] == found[three]


def test_one_kernel_called_twice_is_two() -> None:
    found = keys(iteration(0, ["a"]))
    assert len(set(found.values())) == 4


def test_a_parent_has_the_smaller_key() -> None:
    spans = iteration(0, ["a", "b", "a"])
    found = keys(spans)
    assert all(found[each.parent_id] < found[each.id] for each in spans if each.parent_id)


def test_keys_do_not_depend_on_the_order_of_spans() -> None:
    spans = [*iteration(0, ["a", "b"]), *iteration(1, ["a", "b"])]
    expected = keys(spans)
    random.Random(1).shuffle(spans)
    found = keys(spans)
    assert {each: found[each] for each in expected} == expected


def test_a_layer_that_is_missing_moves_no_other() -> None:
    spans = [*iteration(0, ["a", "b", "c"]), *iteration(1, ["b", "c"])]
    found = keys(spans)
    by_name = {
        (each.iteration, each.name): found[each.id] for each in spans if each.level == Level.LAYER
    }
    assert by_name[0, "b"] == by_name[1, "b"]
    assert by_name[0, "c"] == by_name[1, "c"]
    assert len(set(found.values())) == 10


def shaped(number: int, shapes: list[str], run: int = 0) -> list[Span]:
    """A model that calls one library function with one shape after another."""
    place = {"run": run, "iteration": number}
    first = 1000 * run + 100 * number + 1
    calls = [
        span(first + each, first, Level.LIBRARY, "gemm", attributes={"problem": shape}, **place)
        for each, shape in enumerate(shapes, 1)
    ]
    return [span(first, 0, Level.MODEL, "model", **place), *calls]


def test_a_namesake_that_is_missing_moves_no_other() -> None:
    spans = [*shaped(0, ["m8", "m16", "m32"]), *shaped(1, ["m16", "m32"]), *shaped(0, ["m32"], 1)]
    found = keys(spans)
    by_shape: dict[str, set[int]] = {}
    for each in spans:
        by_shape.setdefault(str(each.attributes.get("problem")), set()).add(found[each.id])
    assert [len(numbers) for numbers in by_shape.values()] == [1, 1, 1, 1]
    assert len(set(found.values())) == 4


def test_what_one_part_of_a_trace_has_shown_is_known_in_the_next() -> None:
    sequences = Sequences()
    for spans, expected in (
        (shaped(0, ["m8", "m16"]), [0, 0, 1]),
        (shaped(1, ["m16"]), [0, 1]),
        (shaped(2, ["m4", "m16"]), [0, 2, 1]),
    ):
        trace = numbered(Trace(spans))
        _, places = structural_keys(trace, parent_rows(trace), sequences)
        assert places.tolist() == expected


def test_samples_of_one_name_under_one_parent_have_one_key() -> None:
    spans = [
        dataclasses.replace(each, kind="sample") if each.level == Level.KERNEL else each
        for each in iteration(0, ["a", "b"])
    ]
    found = keys(spans)
    assert len(set(found.values())) == 5


def test_equal_names_may_lie_in_several_places_of_the_texts() -> None:
    columns = {
        "id": [1, 2],
        "level": [40, 40],
        "start_ns": [0, 10],
        "end_ns": [5, 15],
        "iteration": [0, 1],
        "name": [0, 1],
    }
    trace = numbered(Trace.of_columns(columns, ["conv", "conv"]))
    found, places = structural_keys(trace, parent_rows(trace))
    assert found[0] == found[1]
    assert places.tolist() == [0, 0]


def test_no_spans_have_no_keys() -> None:
    assert keys([]) == {}
