"""The critical path of a `Dag` whose nodes weigh something, and how wide the graph is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, final

from dlscope.core.errors import GraphError
from dlscope.graph.dag import Dag, Node


@final
@dataclass(frozen=True, eq=False)
class CriticalPath(Generic[Node]):
    """The heaviest path from a source to a sink, and the ideal schedule that it ends last in.

    `total` is the weight of `path`. `starts` and `ends` tell, for each node, when it begins at the
    earliest if no node waits for anything but its predecessors, and when it is then done.
    """

    total: int
    path: tuple[Node, ...]
    starts: Mapping[Node, int]
    ends: Mapping[Node, int]


@final
class Width(NamedTuple):
    """So many nodes at once, from `start` until the next one begins."""

    start: int
    nodes: int


def critical_path(dag: Dag[Node], weights: Mapping[Node, int]) -> CriticalPath[Node]:
    """The heaviest path over all sources and sinks, in time linear in nodes and links.

    Equals the sum of all weights on a chain, half of it on two equal branches, 0 without nodes;
    of several as heavy, one of those that end last in the order of nodes. Raises `GraphError` for
    nodes without a weight or with one below 0.
    """
    check_weights(dag, weights)
    starts: dict[Node, int] = {}
    ends: dict[Node, int] = {}
    for node in dag.nodes:
        starts[node] = max((ends[before] for before in dag.predecessors[node]), default=0)
        ends[node] = starts[node] + weights[node]
    path = _path(dag, starts, ends)
    return CriticalPath(ends[path[-1]] if path else 0, path, starts, ends)


def width_profile(path: CriticalPath[Node]) -> tuple[Width, ...]:
    """How many nodes run at once in the ideal schedule, over time; the last width is 0.

    Nodes of weight 0 take no time and are not seen. Width times duration adds up to all weights.
    """
    changes: Counter[int] = Counter()
    for node, start in path.starts.items():
        changes[start] += 1
        changes[path.ends[node]] -= 1
    profile: list[Width] = []
    running = 0
    for time in sorted(time for time, change in changes.items() if change):
        running += changes[time]
        profile.append(Width(time, running))
    return tuple(profile)


def check_weights(dag: Dag[Node], weights: Mapping[Node, int]) -> None:
    """Do nothing where every node weighs 0 or more; else raise `GraphError` naming the others."""
    wrong = [str(node) for node in dag.nodes if weights.get(node, -1) < 0]
    if wrong:
        raise GraphError(
            f"without a weight of at least 0: {', '.join(wrong)}",
            where="the weights of the nodes",
            fix="give each of them one; 0 where it costs nothing",
        )


def _path(dag: Dag[Node], starts: Mapping[Node, int], ends: Mapping[Node, int]) -> tuple[Node, ...]:
    if not dag.nodes:
        return ()
    # Of nodes that end together the last is a sink: what follows a node ends no earlier.
    node = max(reversed(dag.nodes), key=ends.__getitem__)
    path = [node]
    while dag.predecessors[node]:
        node = next(each for each in dag.predecessors[node] if ends[each] == starts[node])
        path.append(node)
    return tuple(reversed(path))
