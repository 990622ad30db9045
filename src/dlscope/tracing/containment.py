"""Which span contains which: parents found again from times, levels, threads and tracers.

The rule, with ε for the clocks' resolution applied only across levels (XSP, section on parent
reconstruction; restricted to one thread by whoever calls):

    p contains s  if  level(p) < level(s), p.start − ε ≤ s.start and s.end ≤ p.end + ε
                  or  level(p) = level(s), one tracer, rank(p) < rank(s), p.start ≤ s.start and
                      s.end ≤ p.end
    rank          =   place in the order (start, longest first, level, id)
    parent(s)     =   the container with the shortest duration; of equal ones the last in rank
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
NONE = -1
"""In the place of a row: no container."""


@final
@dataclass(frozen=True)
class Intervals:
    """Spans of one thread, as arrays of equal length."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    level: NDArray[np.int16]
    tracer: NDArray[np.int32]
    id: NDArray[np.int64]

    def order(self) -> Rows:
        """Rows by rank."""
        return np.lexsort((self.id, self.level, -self.end, self.start))

    def take(self, rows: Rows) -> Intervals:
        """Those at `rows`."""
        return Intervals(
            self.start[rows], self.end[rows], self.level[rows], self.tracer[rows], self.id[rows]
        )


@final
@dataclass(frozen=True)
class Containers:
    """For each span the row of its parent, or `NONE`, and whether another claims it as well."""

    parent: Rows
    is_ambiguous: NDArray[np.bool_]


def containers(spans: Intervals, slack_ns: int) -> Containers:
    """The parent of each span among `spans`, by array arithmetic where no level overlaps itself.

    A span is ambiguous when it lies in several spans of the next higher level that overlap one
    another, or sticks out of the only one that it overlaps by more than `slack_ns`.
    """
    order = spans.order()
    ranked = spans.take(order)
    if _levels_are_flat(ranked):
        parent, is_ambiguous = _flat(ranked, slack_ns)
    else:
        parent, is_ambiguous = _swept(ranked, slack_ns)
    found = np.full(len(order), NONE, dtype=np.int64)
    found[order] = np.where(parent == NONE, NONE, order[parent])
    doubtful = np.zeros(len(order), dtype=np.bool_)
    doubtful[order] = is_ambiguous
    return Containers(found, doubtful)


def _levels_are_flat(ranked: Intervals) -> bool:
    """Whether no two spans of one level overlap, or contain one another."""
    for level in np.unique(ranked.level):
        rows = ranked.level == level
        start, end = ranked.start[rows], ranked.end[rows]
        touching = end[:-1] == start[1:]
        if np.any(end[:-1] > start[1:]) or np.any(touching & (start[1:] == end[1:])):
            return False
    return True


def _flat(ranked: Intervals, slack_ns: int) -> tuple[Rows, NDArray[np.bool_]]:
    size = ranked.start.size
    best = np.full(size, NONE, dtype=np.int64)
    shortest = np.full(size, np.iinfo(np.int64).max)
    is_ambiguous = np.zeros(size, dtype=np.bool_)
    levels = [int(level) for level in np.unique(ranked.level)]
    for depth, level in enumerate(levels):
        mine = np.flatnonzero(ranked.level == level)
        for above in levels[:depth]:
            theirs = np.flatnonzero(ranked.level == above)
            found = _contained(ranked, mine, theirs, slack_ns)
            row, duration = theirs[found], ranked.end[theirs[found]] - ranked.start[theirs[found]]
            # Of equal durations the last in rank is the innermost.
            closer = (duration < shortest[mine]) | (
                (duration == shortest[mine]) & (row > best[mine])
            )
            closer &= found != NONE
            best[mine[closer]], shortest[mine[closer]] = row[closer], duration[closer]
            if above == levels[depth - 1]:
                is_ambiguous[mine] = (found == NONE) & _overlaps(ranked, mine, theirs, slack_ns)
    return best, is_ambiguous


def _contained(ranked: Intervals, mine: Rows, theirs: Rows, slack_ns: int) -> Rows:
    """For each of `mine` the shortest container among `theirs`, which follow one another."""
    starts, ends = ranked.start[theirs] - slack_ns, ranked.end[theirs] + slack_ns
    first = np.searchsorted(ends, ranked.end[mine], "left")
    last = np.searchsorted(starts, ranked.start[mine], "right") - 1
    found = np.where(first <= last, last, NONE)
    # Only spans no longer than the slack can lie in several that follow one another.
    for place in np.flatnonzero(first < last):
        among = np.arange(first[place], last[place] + 1)
        durations = ranked.end[theirs[among]] - ranked.start[theirs[among]]
        found[place] = among[np.flatnonzero(durations == durations.min())[-1]]
    return found


def _overlaps(ranked: Intervals, mine: Rows, theirs: Rows, slack_ns: int) -> NDArray[np.bool_]:
    """Whether each of `mine` shares more than the slack with one of `theirs`."""
    first = np.searchsorted(ranked.end[theirs], ranked.start[mine] + slack_ns, "right")
    place = np.minimum(first, theirs.size - 1)
    overlaps: NDArray[np.bool_] = (first < theirs.size) & (
        ranked.start[theirs[place]] < ranked.end[mine] - slack_ns
    )
    return overlaps


def _swept(ranked: Intervals, slack_ns: int) -> tuple[Rows, NDArray[np.bool_]]:
    """The same for spans of one level that nest or overlap: a sweep over openings and questions."""
    starts, ends = ranked.start.tolist(), ranked.end.tolist()
    levels, tracers = ranked.level.tolist(), ranked.tracer.tolist()
    traced = np.unique(ranked.level).tolist()
    above = dict(zip(traced[1:], traced, strict=False))
    parent = np.full(len(starts), NONE, dtype=np.int64)
    is_ambiguous = np.zeros(len(starts), dtype=np.bool_)
    active: list[int] = []
    for is_question, s in _events(ranked, slack_ns):
        if not is_question:
            active.append(s)
            continue
        start, end, level, tracer = starts[s], ends[s], levels[s], tracers[s]
        while active and ends[active[-1]] + slack_ns < start:
            active.pop()
        best, duration, next_above = NONE, 0, []
        stale = 0
        for p in reversed(active):
            if ends[p] + slack_ns < start:
                stale += 1
                continue
            if p == s:
                continue
            if levels[p] < level:
                is_inside = starts[p] - slack_ns <= start and end <= ends[p] + slack_ns
            else:
                is_inside = (
                    levels[p] == level
                    and tracers[p] == tracer
                    and p < s
                    and starts[p] <= start
                    and end <= ends[p]
                )
            if levels[p] == above.get(level):
                overlap = min(end, ends[p]) - max(start, starts[p])
                if is_inside or overlap > slack_ns:
                    next_above.append((p, is_inside))
            if is_inside:
                length = ends[p] - starts[p]
                if best == NONE or length < duration or (length == duration and p > best):
                    best, duration = p, length
        if stale > len(active) // 2:
            active = [p for p in active if ends[p] + slack_ns >= start]
        parent[s] = best
        is_ambiguous[s] = _is_doubtful(next_above, best, levels, level, starts, ends, tracers)
    return parent, is_ambiguous


def _is_doubtful(
    claims: list[tuple[int, bool]],
    best: int,
    levels: list[int],
    level: int,
    starts: list[int],
    ends: list[int],
    tracers: list[int],
) -> bool:
    """Whether spans of the next higher level claim a span that do not contain one another."""
    if best != NONE and levels[best] == level:
        return False
    inside = [p for p, is_inside in claims if is_inside]
    if not inside:
        return bool(claims)
    inner = min(inside, key=lambda p: (ends[p] - starts[p], -p))
    return any(
        p != inner
        and not (
            tracers[p] == tracers[inner] and starts[p] <= starts[inner] and ends[inner] <= ends[p]
        )
        and min(ends[p], ends[inner]) > max(starts[p], starts[inner])
        for p in inside
    )


def _events(ranked: Intervals, slack_ns: int) -> Iterator[tuple[bool, int]]:
    """Openings at start − ε and questions at start, in order; openings first at equal times."""
    size = ranked.start.size
    times = np.concatenate([ranked.start - slack_ns, ranked.start])
    is_question = np.repeat([False, True], size)
    rows = np.tile(np.arange(size), 2)
    # Rows are ranked, so that of equal times the longest comes first.
    order = np.lexsort((rows, is_question, times))
    return zip(is_question[order].tolist(), rows[order].tolist(), strict=True)
