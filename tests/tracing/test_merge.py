from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.tracing.merge import Merged, merge, resolve_parents
from dlscope.tracing.tracer import Diagnostic

US = 1_000
MODEL, LAYER, LIBRARY, KERNEL = Level.MODEL, Level.LAYER, Level.LIBRARY, Level.KERNEL


def _span(number: int, level: Level, name: str, start: int, end: int, **fields: object) -> Span:
    """Times in µs; the parent is not known."""
    fields = {"thread": 1, "parent_id": UNRESOLVED, **fields}
    parent = int(str(fields.pop("parent_id")))
    return Span(number, parent, level, name, start * US, end * US, **fields)  # type: ignore[arg-type]


def _parents(merged: Merged) -> dict[str, str]:
    names = {0: "", UNRESOLVED: "?", **{span.id: span.name for span in merged.trace}}
    return {span.name: names[span.parent_id] for span in merged.trace}


def _kinds(merged: Merged) -> dict[str, str]:
    return {span.name: span.parent_kind for span in merged.trace}


def test_profilers_that_know_nothing_of_one_another_share_a_tree() -> None:
    ours = Trace([_span(1, MODEL, "model", 0, 100), _span(2, LAYER, "conv", 10, 50)])
    library = Trace([_span(1, LIBRARY, "reorder", 12, 20), _span(2, LIBRARY, "sgemm", 60, 70)])
    merged = merge([ours, library])
    assert _parents(merged) == {"model": "", "conv": "model", "reorder": "conv", "sgemm": "model"}
    assert _kinds(merged)["reorder"] == "contained"
    assert merged.diagnostics == ()
    assert merged.is_complete
    assert sorted(merged.trace["id"].tolist()) == [1, 2, 3, 4]


def test_given_parents_stay_and_keep_their_meaning_under_new_ids() -> None:
    first = Trace([_span(7, MODEL, "a", 0, 10, parent_id=0)])
    second = Trace(
        [_span(9, LAYER, "inner", 2, 4, parent_id=7), _span(7, LAYER, "outer", 1, 5, parent_id=0)]
    )
    assert _parents(merge([first, second])) == {"a": "", "outer": "", "inner": "outer"}


@pytest.mark.parametrize(
    "parent",
    [
        _span(1, KERNEL, "parent", 0, 100),
        _span(1, MODEL, "parent", 0, 15),
        _span(8, MODEL, "parent", 0, 100),
    ],
    ids=["deeper", "shorter", "another"],
)
def test_a_given_parent_that_cannot_be_is_not_believed(parent: Span) -> None:
    model = _span(3, MODEL, "model", -1, 101)
    merged = resolve_parents(Trace([model, parent, _span(2, LAYER, "l", 10, 20, parent_id=1)]))
    wanted = "parent" if parent.id == 8 else "model"
    assert _parents(merged)["l"] == wanted
    assert Diagnostic("impossible_parent", "a given parent cannot hold it", 1) in merged.diagnostics


def test_parents_in_a_circle_are_not_believed() -> None:
    one = _span(1, LAYER, "one", 10, 20, parent_id=2)
    two = _span(2, LAYER, "two", 10, 20, parent_id=1)
    merged = resolve_parents(Trace([_span(3, MODEL, "model", 0, 30), one, two]))
    assert _parents(merged)["one"] == "model"


def test_a_kernel_belongs_to_its_launch_however_late_it_runs() -> None:
    spans = [
        _span(1, MODEL, "model", 0, 100),
        _span(2, LAYER, "conv", 10, 20),
        _span(3, LIBRARY, "launch", 12, 14, kind="launch", correlation_id=5),
        *(
            _span(4 + i, KERNEL, f"kernel{i}", 80, 130, kind="execution", device=0, stream=7, **ids)
            for i, ids in enumerate(({"correlation_id": 5}, {"correlation_id": 6}))
        ),
    ]
    merged = resolve_parents(Trace(spans))
    assert _parents(merged)["kernel0"] == "launch"
    assert _kinds(merged)["kernel0"] == "correlated"
    assert _kinds(merged)["kernel1"] == "orphan"
    assert Diagnostic("orphan", "no span holds it", 1) in merged.diagnostics
    assert not merged.is_complete


def test_ids_that_correlate_are_those_of_one_process() -> None:
    launch = _span(1, LIBRARY, "l", 0, 1, kind="launch", correlation_id=5, process=1)
    late = _span(2, KERNEL, "k", 5, 6, kind="execution", device=0, correlation_id=5, process=2)
    assert _parents(resolve_parents(Trace([launch, late])))["k"] == "?"


def test_threads_do_not_mix_unless_one_of_them_only_helps() -> None:
    spans = [
        _span(1, MODEL, "model a", 0, 100, thread=1),
        _span(2, MODEL, "model b", 0, 100, thread=2),
        _span(3, LAYER, "conv a", 0, 40, thread=1),
        _span(4, LAYER, "conv b", 50, 90, thread=2),
        _span(5, LIBRARY, "helps a", 10, 20, thread=3),
        _span(6, LIBRARY, "helps b", 60, 70, thread=3),
    ]
    merged = resolve_parents(Trace(spans))
    parents = _parents(merged)
    assert (parents["conv a"], parents["conv b"]) == ("model a", "model b")
    assert (parents["helps a"], parents["helps b"]) == ("conv a", "conv b")


def test_a_helper_under_two_layers_at_once_is_ambiguous() -> None:
    spans = [
        _span(1, MODEL, "model", 0, 100, thread=1),
        _span(2, LAYER, "left", 0, 60, thread=1),
        _span(3, MODEL, "other", 0, 100, thread=2),
        _span(4, LAYER, "right", 0, 60, thread=2),
        _span(5, LIBRARY, "helps", 10, 20, thread=3),
    ]
    merged = resolve_parents(Trace(spans))
    assert (_parents(merged)["helps"], _kinds(merged)["helps"]) == ("?", "ambiguous")
    assert Diagnostic("ambiguous", "several spans may hold it", 1) in merged.diagnostics
    assert Diagnostic("incomplete", "20 % of the spans have no place") in merged.diagnostics


def test_runs_do_not_mix() -> None:
    spans = [_span(1, MODEL, "model", 0, 100, run=0), _span(2, LAYER, "conv", 10, 20, run=1)]
    assert _kinds(resolve_parents(Trace(spans)))["conv"] != "contained"


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_spans_and_their_ids_do_not_matter(seed: int) -> None:
    spans: list[Span] = [_span(1, MODEL, "model", 0, 1000)]
    for layer in range(10):
        start = 100 * layer
        spans.append(_span(2 + 4 * layer, LAYER, f"l{layer}", start, start + 90))
        for call in range(3):
            at = start + 30 * call
            spans.append(_span(3 + 4 * layer + call, LIBRARY, f"l{layer}c{call}", at, at + 20))
    generator = random.Random(seed)
    ids = generator.sample(range(1, 10_000), len(spans))
    shuffled = [_renumbered(span, ids) for span in generator.sample(spans, len(spans))]
    assert _parents(resolve_parents(Trace(shuffled))) == _parents(resolve_parents(Trace(spans)))
    assert all(f"l{i}c{j}" in _parents(merge([Trace(shuffled)])) for i in range(10) for j in (0, 2))


def _renumbered(span: Span, ids: Sequence[int]) -> Span:
    return _span(ids[span.id - 1], span.level, span.name, span.start_ns // US, span.end_ns // US)


def test_nothing_is_merged_into_nothing() -> None:
    assert len(merge([]).trace) == 0
    assert len(merge([Trace()]).trace) == 0
