"""Disjoint profilers on one timeline: ids made unique, parents found, doubts told.

The order of XSP: what a profiler gave is kept where it can be true, work that runs later takes the
launch of its correlation id, everything else goes by containment, and what stays unclear is said
to be so and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import PARENT_KINDS, SPAN_KINDS, UNRESOLVED, Trace
from dlscope.tracing.containment import NONE, Intervals, containers
from dlscope.tracing.tracer import Diagnostic

SLACK_NS = 1_000
"""Profilers quantise: a child may begin so much before its parent."""
ORPHAN, AMBIGUOUS, INCOMPLETE = "orphan", "ambiguous", "incomplete"
"""Kinds of diagnostics about spans without a place."""
_INCOMPLETE_SHARE = 0.01
_GIVEN, _CONTAINED, _CORRELATED, _AMBIGUOUS, _ORPHAN = range(len(PARENT_KINDS))
_LAUNCH, _EXECUTION = SPAN_KINDS.index("launch"), SPAN_KINDS.index("execution")


@dataclass(frozen=True)
class Merged:
    """One trace whose spans know their parents, in order of start, and what to know about it."""

    trace: Trace
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether hardly any span lacks its place."""
        return all(each.kind != INCOMPLETE for each in self.diagnostics)


def merge(traces: Iterable[Trace], slack_ns: int = SLACK_NS) -> Merged:
    """All of `traces`, which share a clock, as one, with every parent resolved that can be."""
    return resolve_parents(with_unique_ids(traces), slack_ns)


def with_unique_ids(traces: Iterable[Trace]) -> Trace:
    """All spans with ids counted from 1; parents that were given go along."""
    numbered, next_id = [], 1
    for trace in traces:
        if not len(trace):
            continue
        ids = np.arange(next_id, next_id + len(trace), dtype=np.int64)
        next_id += len(trace)
        given = trace["parent_id"] > 0
        order = np.argsort(trace["id"], kind="stable")
        place = np.searchsorted(trace["id"][order], trace["parent_id"])
        row = order[np.minimum(place, len(trace) - 1)]
        is_known = given & (trace["id"][row] == trace["parent_id"])
        parents = np.where(is_known, ids[row], np.where(given, UNRESOLVED, trace["parent_id"]))
        numbered.append(trace.with_columns(id=ids, parent_id=parents))
    return Trace.merged(numbered).sorted()


def resolve_parents(trace: Trace, slack_ns: int = SLACK_NS) -> Merged:
    """`trace` with each unresolved parent found, or marked as ambiguous or orphan.

    Runs do not mix. A span of a thread that holds nothing above it is looked for in all threads
    of its process, and placed only where one span of the next higher level is open.
    """
    if not len(trace):
        return Merged(trace)
    resolving = _Resolving(trace, slack_ns)
    resolving.check_given()
    resolving.follow_correlations()
    resolving.contain_by_thread()
    resolving.contain_by_process()
    resolving.mark_rest()
    return Merged(resolving.resolved(), tuple(resolving.diagnostics()))


def without_place(parent_kinds: NDArray[np.int8]) -> Iterator[Diagnostic]:
    """How many spans have no parent, by the column `parent_kind`, and whether too many."""
    orphans = int((parent_kinds == _ORPHAN).sum())
    doubtful = int((parent_kinds == _AMBIGUOUS).sum())
    if orphans:
        yield Diagnostic(ORPHAN, "no span holds it", orphans)
    if doubtful:
        yield Diagnostic(AMBIGUOUS, "several spans may hold it", doubtful)
    if doubtful or orphans > _INCOMPLETE_SHARE * parent_kinds.size:
        share = 100 * (orphans + doubtful) / parent_kinds.size
        yield Diagnostic(INCOMPLETE, f"{share:.3g} % of the spans have no place")


@final
class _Resolving:
    """The columns of a trace while its parents are found; -1 in `row` is no parent."""

    def __init__(self, trace: Trace, slack_ns: int) -> None:
        self._trace = trace
        self._slack_ns = slack_ns
        size = len(trace)
        order = np.argsort(trace["id"], kind="stable")
        place = np.minimum(np.searchsorted(trace["id"][order], trace["parent_id"]), size - 1)
        self._row = np.where(
            trace["id"][order[place]] == trace["parent_id"], order[place], NONE
        ).astype(np.int64)
        self._kind = trace["parent_kind"].astype(np.int8).copy()
        self._is_open = trace["parent_id"] == UNRESOLVED
        self._is_execution = trace["kind"] == _EXECUTION
        self._top = int(trace["level"].min())
        self._impossible = 0

    def check_given(self) -> None:
        """Give up parents that do not exist, are deeper, or do not hold their child."""
        trace, row = self._trace, self._row
        claims = ~self._is_open & (trace["parent_id"] > 0)
        parent = np.maximum(row, 0)
        slack = self._slack_ns
        holds = (trace["start_ns"][parent] - slack <= trace["start_ns"]) & (
            trace["end_ns"] <= trace["end_ns"][parent] + slack
        )
        is_true = (row != NONE) & (trace["level"][parent] <= trace["level"])
        is_true &= holds | self._is_execution
        is_true &= ~_in_circle(np.where(claims, row, NONE))
        broken = claims & ~is_true
        self._impossible = int(broken.sum())
        self._is_open |= broken
        self._row[broken] = NONE

    def follow_correlations(self) -> None:
        """An execution lies in its launch: by correlation id, or else by link id."""
        for column in ("correlation_id", "link_id"):
            wanted = self._is_open & self._is_execution & (self._trace[column] != 0)
            launches = np.flatnonzero((self._trace["kind"] == _LAUNCH) & (self._trace[column] != 0))
            if not wanted.any() or not launches.size:
                continue
            keys = self._keys(column)
            order = launches[np.argsort(keys[launches], kind="stable")]
            rows = np.flatnonzero(wanted)
            place = np.minimum(np.searchsorted(keys[order], keys[rows]), order.size - 1)
            found = keys[order[place]] == keys[rows]
            self._settle(rows[found], order[place][found], _CORRELATED)

    def _keys(self, column: str) -> NDArray[np.int64]:
        """One number for each (run, tracer, process, id): ids are unique only in there."""
        columns = [self._trace[name] for name in ("run", "tracer", "process", column)]
        _, keys = np.unique(np.stack(columns), axis=1, return_inverse=True)
        return np.asarray(keys, dtype=np.int64).reshape(-1)

    def contain_by_thread(self) -> None:
        """Host spans lie in what their own thread did."""
        host = np.flatnonzero(self._trace["device"] < 0)
        for rows in _groups(self._trace, host, ("run", "process", "thread")):
            found = containers(self._intervals(rows), self._slack_ns)
            wanted = self._is_open[rows]
            placed = wanted & (found.parent != NONE) & ~found.is_ambiguous
            self._settle(rows[placed], rows[found.parent[placed]], _CONTAINED)
            self._kind[rows[wanted & found.is_ambiguous]] = _AMBIGUOUS

    def contain_by_process(self) -> None:
        """Spans of helping threads, or of devices that tell no correlation, lie in the one open."""
        trace = self._trace
        homeless = self._is_open & (self._kind != _AMBIGUOUS) & (trace["level"] > self._top)
        if not homeless.any():
            return
        everything = np.arange(len(trace))
        for rows in _groups(trace, everything, ("run", "process")):
            wanted = rows[homeless[rows]]
            for level in np.unique(trace["level"][wanted]):
                self._contain_in_next(rows, wanted[trace["level"][wanted] == level], int(level))

    def _contain_in_next(self, rows: NDArray[Any], wanted: NDArray[Any], level: int) -> None:
        trace = self._trace
        levels = np.unique(trace["level"][rows])
        higher = levels[levels < level]
        if not higher.size:
            return
        theirs = rows[(trace["level"][rows] == higher[-1]) & ~self._is_execution[rows]]
        theirs = theirs[np.argsort(trace["start_ns"][theirs], kind="stable")]
        starts, ends = trace["start_ns"][theirs], np.sort(trace["end_ns"][theirs])
        begun = np.searchsorted(starts, trace["start_ns"][wanted] + self._slack_ns, "right")
        ended = np.searchsorted(ends, trace["end_ns"][wanted] - self._slack_ns, "left")
        is_one = begun - ended == 1
        last = theirs[np.maximum(begun - 1, 0)]
        holds = trace["end_ns"][wanted] <= trace["end_ns"][last] + self._slack_ns
        placed = is_one & holds
        self._settle(wanted[placed], last[placed], _CONTAINED)
        self._kind[wanted[~placed & (begun > ended)]] = _AMBIGUOUS

    def mark_rest(self) -> None:
        """What is still open: a root on the highest level, else ambiguous or an orphan."""
        is_root = self._is_open & (self._trace["level"] == self._top)
        is_root &= self._kind != _AMBIGUOUS
        self._is_open &= ~is_root
        self._row[is_root] = NONE
        self._kind[is_root] = _GIVEN
        self._kind[self._is_open & (self._kind != _AMBIGUOUS)] = _ORPHAN

    def resolved(self) -> Trace:
        """The trace with what was found."""
        parent = np.where(self._row == NONE, 0, self._trace["id"][np.maximum(self._row, 0)])
        parent = np.where(self._is_open, UNRESOLVED, parent)
        return self._trace.with_columns(parent_id=parent, parent_kind=self._kind)

    def diagnostics(self) -> Iterable[Diagnostic]:
        """What could not be placed."""
        if self._impossible:
            yield Diagnostic("impossible_parent", "a given parent cannot hold it", self._impossible)
        yield from without_place(self._kind)

    def _settle(self, rows: NDArray[Any], parents: NDArray[Any], kind: int) -> None:
        self._row[rows] = parents
        self._kind[rows] = kind
        self._is_open[rows] = False

    def _intervals(self, rows: NDArray[Any]) -> Intervals:
        columns = ("start_ns", "end_ns", "level", "tracer", "id")
        return Intervals(*(self._trace[name][rows] for name in columns))


def _groups(
    trace: Trace, rows: NDArray[Any], columns: Sequence[str]
) -> Iterable[NDArray[np.int64]]:
    """`rows` parted by the values of `columns`."""
    if not rows.size:
        return
    keys = np.stack([trace[name][rows].astype(np.int64) for name in columns])
    order = np.lexsort(keys)
    changes = np.flatnonzero(np.any(np.diff(keys[:, order], axis=1), axis=0)) + 1
    for part in np.split(order, changes):
        yield rows[np.sort(part)]


def _in_circle(row: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows lead back to themselves by going from parent to parent."""
    # The k-th ancestor is at hand after doubling; nobody has more ancestors than there are rows.
    ancestor = row.copy()
    for _ in range(max(1, int(row.size).bit_length())):
        ancestor = np.where(ancestor == NONE, NONE, ancestor[np.maximum(ancestor, 0)])
        if (ancestor == NONE).all():
            break
    never_ends: NDArray[np.bool_] = ancestor != NONE
    return never_ends
