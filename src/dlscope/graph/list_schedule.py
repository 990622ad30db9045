"""`list_schedule`: the nodes of a `Dag` on a given number of equal workers."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, final

from dlscope.core.errors import GraphError
from dlscope.graph.dag import Dag, Node
from dlscope.graph.paths import check_weights


@final
@dataclass(frozen=True, eq=False)
class Schedule(Generic[Node]):
    """When each node begins, on which worker, and when all are done.

    Nodes of weight 0 need no worker and are not in `workers`.
    """

    total: int
    starts: Mapping[Node, int]
    workers: Mapping[Node, int]


def list_schedule(dag: Dag[Node], weights: Mapping[Node, int], *, workers: int) -> Schedule[Node]:
    """A schedule in which no worker is idle while a node is ready.

    Of the ready nodes the one with the heaviest path still before it goes first. One worker takes
    the sum S of all weights, as many as nodes take the critical path P, and k of them

        max(P, S / k) ≤ total ≤ S / k + (1 − 1 / k) · P        (R. L. Graham, 1966)

    Raises `GraphError` for less than one worker, and for weights as `critical_path` does.
    """
    if workers < 1:
        raise GraphError(
            f"{workers} workers cannot do anything",
            where="list_schedule, workers",
            fix="give 1 or more",
        )
    check_weights(dag, weights)
    return _Scheduling(dag, weights, workers).run()


@final
class _Scheduling(Generic[Node]):
    """The state of a schedule in the making: nodes are numbers, their places in the order."""

    def __init__(self, dag: Dag[Node], weights: Mapping[Node, int], workers: int) -> None:
        self._dag, self._weights = dag, weights
        self._place = {node: index for index, node in enumerate(dag.nodes)}
        self._missing = [len(dag.predecessors[node]) for node in dag.nodes]
        self._ahead = _weight_ahead(dag, weights)
        self._free = list(range(workers))
        self._ready: list[tuple[int, int]] = []
        self._running: list[tuple[int, int, int]] = []
        self._starts: dict[Node, int] = {}
        self._workers: dict[Node, int] = {}

    def run(self) -> Schedule[Node]:
        now = 0
        for source in self._dag.sources:
            self._arrive(source, now)
        self._begin(now)
        while self._running:
            now = self._running[0][0]
            while self._running and self._running[0][0] == now:
                self._end_one()
            self._begin(now)
        return Schedule(now, self._starts, self._workers)

    def _arrive(self, node: Node, now: int) -> None:
        """`node` waits for nothing any more; one of weight 0 is over at once."""
        arrived = [node]
        while arrived:
            node = arrived.pop()
            if self._weights[node]:
                heapq.heappush(self._ready, (-self._ahead[node], self._place[node]))
            else:
                self._starts[node] = now
                arrived += self._released(node)

    def _begin(self, now: int) -> None:
        while self._free and self._ready:
            place = heapq.heappop(self._ready)[1]
            node, worker = self._dag.nodes[place], heapq.heappop(self._free)
            self._starts[node], self._workers[node] = now, worker
            heapq.heappush(self._running, (now + self._weights[node], place, worker))

    def _end_one(self) -> None:
        now, place, worker = heapq.heappop(self._running)
        heapq.heappush(self._free, worker)
        for successor in self._released(self._dag.nodes[place]):
            self._arrive(successor, now)

    def _released(self, node: Node) -> list[Node]:
        """The successors for which `node` was the last that they waited for."""
        for successor in self._dag.successors[node]:
            self._missing[self._place[successor]] -= 1
        after = self._dag.successors[node]
        return [each for each in after if not self._missing[self._place[each]]]


def _weight_ahead(dag: Dag[Node], weights: Mapping[Node, int]) -> Mapping[Node, int]:
    """The weight of the heaviest path from each node to a sink, its own included."""
    ahead: dict[Node, int] = {}
    for node in reversed(dag.nodes):
        after = (ahead[each] for each in dag.successors[node])
        ahead[node] = weights[node] + max(after, default=0)
    return ahead
