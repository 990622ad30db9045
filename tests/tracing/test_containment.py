from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.tracing.containment import NONE, Containers, Intervals, containers


def _intervals(rows: list[tuple[int, int, int, int]]) -> Intervals:
    """From (start, duration, level, tracer)."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Intervals(
        columns[0],
        columns[0] + columns[1],
        columns[2].astype(np.int16),
        columns[3].astype(np.int32),
        np.arange(1, len(rows) + 1),
    )


def _by_brute_force(spans: Intervals, slack_ns: int) -> list[int]:
    rank = np.empty(spans.start.size, dtype=int)
    rank[spans.order()] = np.arange(spans.start.size)

    def contains(p: int, s: int) -> bool:
        if spans.level[p] < spans.level[s]:
            early = spans.start[p] - slack_ns <= spans.start[s]
            return bool(early and spans.end[s] <= spans.end[p] + slack_ns)
        same = spans.level[p] == spans.level[s] and spans.tracer[p] == spans.tracer[s]
        inside = spans.start[p] <= spans.start[s] and spans.end[s] <= spans.end[p]
        return bool(same and rank[p] < rank[s] and inside)

    parents = []
    for s in range(spans.start.size):
        found = [p for p in range(spans.start.size) if p != s and contains(p, s)]
        length = {p: int(spans.end[p] - spans.start[p]) for p in found}
        parents.append(min(found, key=lambda p: (length[p], -rank[p]), default=NONE))
    return parents


_SPAN = st.tuples(
    st.integers(0, 30), st.integers(0, 12), st.sampled_from([30, 40, 50, 60]), st.integers(0, 1)
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(_SPAN, max_size=25), st.integers(0, 2))
def test_finds_what_brute_force_finds(rows: list[tuple[int, int, int, int]], slack_ns: int) -> None:
    spans = _intervals(rows)
    assert containers(spans, slack_ns).parent.tolist() == _by_brute_force(spans, slack_ns)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 3)), max_size=12),
    st.integers(0, 3),
)
def test_finds_it_where_no_level_overlaps_itself(
    layers: list[tuple[int, int, int]], slack_ns: int
) -> None:
    rows, now = [], 0
    for gap, duration, calls in layers:
        now += gap
        rows.append((now, duration * calls, 40, 0))
        rows.extend((now + duration * call, duration, 50, 1) for call in range(calls))
        now += duration * calls
    spans = _intervals([(0, now + 1, 30, 0), *rows])
    assert containers(spans, slack_ns).parent.tolist() == _by_brute_force(spans, slack_ns)


def _found(*rows: tuple[int, int, int, int], slack_ns: int = 1) -> Containers:
    return containers(_intervals(list(rows)), slack_ns)


def test_a_child_may_start_a_little_before_its_parent() -> None:
    model, layer = (0, 100, 30, 0), (10, 20, 40, 0)
    assert _found(model, layer, (9, 5, 50, 1)).parent.tolist() == [NONE, 0, 1]
    assert _found(model, layer, (8, 5, 50, 1)).parent.tolist() == [NONE, 0, 0]


def test_a_span_that_sticks_out_of_its_parent_is_ambiguous() -> None:
    found = _found((0, 100, 30, 0), (10, 20, 40, 0), (25, 20, 50, 1), (60, 5, 50, 1))
    assert found.parent.tolist() == [NONE, 0, 0, 0]
    assert found.is_ambiguous.tolist() == [False, False, True, False]


def test_a_span_in_two_layers_at_once_is_ambiguous() -> None:
    found = _found((0, 100, 30, 0), (10, 50, 40, 0), (20, 60, 40, 0), (30, 5, 50, 1))
    assert found.parent.tolist() == [NONE, 0, 0, 1]
    assert found.is_ambiguous.tolist() == [False, False, False, True]


def test_a_span_in_nested_operators_belongs_to_the_inner_one() -> None:
    found = _found((0, 100, 30, 0), (10, 50, 40, 0), (20, 30, 40, 0), (30, 5, 50, 1))
    assert found.parent.tolist() == [NONE, 0, 1, 2]
    assert not found.is_ambiguous.any()


@pytest.mark.parametrize("size", [0, 1])
def test_few_spans_have_no_parent(size: int) -> None:
    assert _found(*[(0, 1, 30, 0)] * size).parent.tolist() == [NONE] * size
