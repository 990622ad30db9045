"""`Dag`: nodes that wait for one another and never in a circle, whatever the nodes are."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar, final

from dlscope.core.errors import GraphError
from dlscope.graph.ir import Graph

Node = TypeVar("Node", bound=Hashable)
_WHERE = "the nodes and their predecessors"


@final
@dataclass(frozen=True, eq=False)
class Dag(Generic[Node]):
    """Nodes in topological order and, of each, its predecessors: the nodes it waits for.

    Made by `Dag.of`, which checks and sorts, or by `Dag.of_graph`.
    """

    nodes: tuple[Node, ...]
    predecessors: Mapping[Node, tuple[Node, ...]]

    @classmethod
    def of(cls, nodes: Iterable[Node], predecessors: Mapping[Node, Iterable[Node]]) -> Dag[Node]:
        """The nodes, each after its predecessors and otherwise in the order in which they come.

        A node that `predecessors` leaves out has none. Raises `GraphError` for a node that comes
        twice, a predecessor or a key that is not among `nodes`, and nodes in a circle.
        """
        order = tuple(nodes)
        known = {node: tuple(dict.fromkeys(predecessors.get(node, ()))) for node in order}
        if len(known) != len(order):
            _refuse("a node comes twice", "give every node once")
        named = (*predecessors, *(each for before in known.values() for each in before))
        strangers = [str(node) for node in dict.fromkeys(named) if node not in known]
        if strangers:
            _refuse(f"not among the nodes: {', '.join(strangers)}", "add them to the nodes")
        return cls(_sorted(order, known), known)

    @classmethod
    def of_graph(cls, graph: Graph) -> Dag[int]:
        """The layers of `graph` by their ids, each waiting for those whose tensors it takes."""
        makers = graph.producers
        before = {
            layer.id: [makers[each.name].id for each in layer.sources if each.name in makers]
            for layer in graph.layers
        }
        return Dag.of(before, before)

    @cached_property
    def successors(self) -> Mapping[Node, tuple[Node, ...]]:
        """The nodes that wait for a node, in topological order."""
        found: dict[Node, list[Node]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for before in self.predecessors[node]:
                found[before].append(node)
        return {node: tuple(after) for node, after in found.items()}

    @property
    def sources(self) -> tuple[Node, ...]:
        """The nodes that wait for none."""
        return tuple(node for node in self.nodes if not self.predecessors[node])

    @property
    def sinks(self) -> tuple[Node, ...]:
        """The nodes that none waits for."""
        return tuple(node for node in self.nodes if not self.successors[node])

    @property
    def parts(self) -> tuple[tuple[Node, ...], ...]:
        """The nodes of each connected part, by the first of its nodes."""
        part: dict[Node, int] = {}
        for index, node in enumerate(self.nodes):
            for reached in self._connected(node, part):
                part[reached] = index
        groups: dict[int, list[Node]] = {}
        for node in self.nodes:
            groups.setdefault(part[node], []).append(node)
        return tuple(map(tuple, groups.values()))

    def contracted(self, groups: Iterable[Sequence[Node]]) -> Dag[Node]:
        """Each of the disjoint `groups` as one node, the first of it.

        Raises `GraphError` where the groups would wait for one another in a circle.
        """
        head = {node: group[0] for group in groups for node in group}
        before: dict[Node, list[Node]] = {}
        for node in self.nodes:
            mine = head.get(node, node)
            theirs = (head.get(each, each) for each in self.predecessors[node])
            before.setdefault(mine, []).extend(each for each in theirs if each != mine)
        return Dag.of(before, before)

    def _connected(self, node: Node, seen: Mapping[Node, int]) -> Iterator[Node]:
        waiting = [node]
        while waiting:
            reached = waiting.pop()
            if reached not in seen:
                yield reached
                waiting += (*self.predecessors[reached], *self.successors[reached])


def _sorted(
    order: tuple[Node, ...], predecessors: Mapping[Node, tuple[Node, ...]]
) -> tuple[Node, ...]:
    """Kahn's algorithm; of the nodes that are ready, the one that came first goes first."""
    place = {node: index for index, node in enumerate(order)}
    missing = [len(predecessors[node]) for node in order]
    takers: list[list[int]] = [[] for _ in order]
    for node in order:
        for before in predecessors[node]:
            takers[place[before]].append(place[node])
    ready = [index for index, count in enumerate(missing) if not count]
    found: list[Node] = []
    while ready:
        index = heapq.heappop(ready)
        found.append(order[index])
        for taker in takers[index]:
            missing[taker] -= 1
            if not missing[taker]:
                heapq.heappush(ready, taker)
    if len(found) < len(order):
        _refuse_circle([order[index] for index, count in enumerate(missing) if count], predecessors)
    return tuple(found)


def _refuse_circle(left: Sequence[Node], predecessors: Mapping[Node, tuple[Node, ...]]) -> None:
    """Name a circle: every node that is left has a predecessor that is left, too."""
    among = set(left)
    trail: dict[Node, int] = {}
    node = left[0]
    while node not in trail:
        trail[node] = len(trail)
        node = next(before for before in predecessors[node] if before in among)
    circle = reversed(list(trail)[trail[node] :])
    names = ", ".join(map(str, circle))
    _refuse(f"nodes wait for one another in a circle: {names}", "take one of the links out")


def _refuse(what: str, fix: str) -> None:
    raise GraphError(what, where=_WHERE, fix=fix)
