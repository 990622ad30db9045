"""`Tree`: spans of many iterations and runs become nodes, some whole iterations at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import SPAN_KINDS, Level, Trace
from dlscope.methods.profiling.keys import NO_ROW, parent_rows, structural_keys
from dlscope.methods.profiling.node import Node, Times
from dlscope.methods.profiling.sequences import Sequences
from dlscope.tracing.iterations import numbered

_SAMPLE = SPAN_KINDS.index("sample")
_NEVER = np.empty(0, dtype=np.int64)
_PART = 400_000


class _Part(NamedTuple):
    """Some of the times of a node in one run."""

    iterations: Times
    starts: Times
    durations: Times
    cpu: Times


@final
class Tree:
    """Nodes made from one part of the iterations after another."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, str], Node] = {}
        self._iterations: dict[int, int] = {}
        self._roots: list[Node] = []
        self._parts: dict[Node, dict[int, list[_Part]]] = {}
        self._sequences = Sequences()

    def add(self, trace: Trace) -> None:
        """All measured spans of whole iterations."""
        measured = numbered(trace.take(trace["iteration"] >= 0))
        if not len(measured):
            return
        for run in np.unique(measured["run"]).tolist():
            count = np.unique(measured["iteration"][measured["run"] == run]).size
            self._iterations[run] = self._iterations.get(run, 0) + int(count)
        parents = parent_rows(measured)
        keys, places = structural_keys(measured, parents, self._sequences)
        order = np.lexsort((measured["iteration"], measured["run"], keys))
        changes = np.flatnonzero(np.diff(keys[order])) + 1
        nodes: dict[int, Node] = {}
        # Keys count from the top: a parent's is less than its children's.
        for rows in np.split(order, changes):
            row = int(rows[-1])
            above = nodes[int(keys[parents[row]])] if parents[row] != NO_ROW else None
            node = self._node(measured, row, int(places[row]), above)
            nodes[int(keys[row])] = node
            self._add_times(node, measured, rows)

    def roots(self) -> tuple[Node, ...]:
        """The whole tree of all that was added."""
        for node in self._known.values():
            self._put_together(node)
        for node in self._known.values():
            node.children.sort(key=lambda child: (_offset_ns(child), child.index))
        return tuple(self._roots)

    def _node(self, trace: Trace, row: int, place: int, parent: Node | None) -> Node:
        name = trace.texts[trace["name"][row]]
        key = (id(parent) if parent else 0, int(trace["level"][row]), place, name)
        node = self._known.get(key)
        if node is None:
            node = Node(
                level=Level(int(trace["level"][row])),
                index=int(trace["index"][row]),
                name=name,
                type=trace.texts[trace["type"][row]],
                parent=parent,
                attributes=trace.attributes_at(row),
                is_device=bool(trace["device"][row] >= 0),
                tracer=trace.texts[trace["tracer"][row]],
            )
            self._known[key] = node
            (self._roots if parent is None else parent.children).append(node)
        elif trace["run"][row] > max(self._parts[node]):
            # What the deepest run tells of a span is the most.
            node.attributes = trace.attributes_at(row)
        return node

    def _add_times(self, node: Node, trace: Trace, rows: NDArray[Any]) -> None:
        runs = trace["run"][rows]
        if trace["kind"][rows[-1]] == _SAMPLE:
            node.count += int(rows.size)
        for run in np.unique(runs).tolist():
            mine = rows[runs == run]
            start = trace["start_ns"][mine]
            part = _Part(
                trace["iteration"][mine],
                start,
                trace["end_ns"][mine] - start,
                trace["cpu_ns"][mine],
            )
            self._parts.setdefault(node, {}).setdefault(run, []).append(part)

    def _put_together(self, node: Node) -> None:
        """The times of all parts; a sampled kernel has one: samples · period / iterations."""
        for run, parts in self._parts[node].items():
            whole = _Part(*map(np.concatenate, zip(*parts, strict=True)))
            if node.count:
                period = float(node.attributes.get("period_ns", 0))
                estimate = round(whole.iterations.size * period / self._iterations[run])
                whole = _Part(whole.iterations[:1], whole.starts[:1], np.array([estimate]), _NEVER)
            else:
                node.cpu_ns[run] = whole.cpu
            node.iterations[run] = whole.iterations
            node.starts_ns[run], node.durations_ns[run] = whole.starts, whole.durations


def _offset_ns(node: Node) -> int:
    """How long after its parent it begins, in the first iteration of the deepest run that has it.

    Another one may be in that run for the first time later: starts alone do not tell the order.
    """
    assert node.parent is not None
    run = max(node.starts_ns)
    held = node.parent.iterations.get(run, _NEVER) == node.iterations[run][0]
    begins = node.parent.starts_ns.get(run, _NEVER)[held]
    # Of a sampled parent one start alone is kept.
    return int(node.starts_ns[run][0] - begins[0]) if begins.size else 0


def in_parts(trace: Trace) -> Iterator[Trace]:
    """`trace` a few hundred thousand spans at a time, never parting an iteration."""
    if len(trace) <= _PART:
        yield trace
        return
    iteration = trace["run"].astype(np.int64) << 32 | (
        trace["iteration"].astype(np.int64) + (1 << 31)
    )
    order = np.argsort(iteration, kind="stable")
    begins = np.flatnonzero(np.diff(iteration[order], prepend=-1))
    cuts = begins[np.unique(np.searchsorted(begins, np.arange(_PART, len(trace), _PART)))[:-1]]
    for rows in np.split(order, cuts):
        yield trace.take(rows)
