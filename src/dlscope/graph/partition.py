"""`partition` and `windows`: how a graph is cut into segments (DLBricks, sections III and IV)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from dlscope.core.errors import GraphError
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.segment import Segment

Group = frozenset[int]
"""Ids of layers that are never separated."""


def partition(graph: Graph, granularity: int) -> tuple[Segment, ...]:
    """Segments of at most `granularity` layers, each layer in exactly one, in execution order.

    A group that is never cut (see `atomic_groups`) may be longer; it is then a segment of its own.
    Raises `GraphError` for a granularity below 1.
    """
    _require(granularity)
    blocks = execution_order(graph)
    segments: list[Segment] = []
    pending: list[Layer] = []
    for block in blocks:
        if pending and len(pending) + len(block) > granularity:
            segments.append(Segment(graph, tuple(pending)))
            pending = []
        pending.extend(block)
    if pending:
        segments.append(Segment(graph, tuple(pending)))
    return tuple(segments)


def windows(graph: Graph, granularity: int) -> tuple[Segment, ...]:
    """Every run of `granularity` consecutive layers, each starting one layer after the last.

    The whole graph where it has fewer layers. Raises `GraphError` for a granularity below 1, and
    for a graph with a group that is never cut.
    """
    _require(granularity)
    blocks = execution_order(graph)
    if any(len(block) > 1 for block in blocks):
        raise GraphError(
            "windows would cut through layers that belong together",
            where=graph.name,
            fix="use the standard partition",
        )
    layers = [block[0] for block in blocks]
    last = max(len(layers) - granularity, 0)
    return tuple(
        Segment(graph, tuple(layers[start : start + granularity])) for start in range(last + 1)
    )


def execution_order(graph: Graph) -> tuple[tuple[Layer, ...], ...]:
    """Layers in topological order; those that are never separated are one block.

    Kahn's algorithm with a stack: what became ready last goes first, so that after a fork one
    branch is finished before the next starts; of equal ones, the layer with the smaller id.
    """
    blocks = _blocks(graph)
    place = {layer: index for index, block in enumerate(blocks) for layer in block}
    successors = [_successors(graph, block, place) for block in blocks]
    waiting = [0] * len(blocks)
    for followers in successors:
        for each in followers:
            waiting[each] += 1
    ready = [index for index in reversed(range(len(blocks))) if not waiting[index]]
    order = []
    while ready:
        current = ready.pop()
        order.append(blocks[current])
        freed = []
        for each in successors[current]:
            waiting[each] -= 1
            if not waiting[each]:
                freed.append(each)
        ready.extend(sorted(freed, reverse=True))
    assert len(order) == len(blocks)  # a graph has no cycle, and closed groups make none
    return tuple(order)


def atomic_groups(graph: Graph) -> tuple[Group, ...]:
    """Layers that belong together: an operator between dequantised inputs and its quantisation."""
    found = []
    for layer in graph.layers:
        if layer.op_type == "QuantizeLinear" or layer.op_type == "DequantizeLinear":
            continue
        before = [graph.producers.get(each.name) for each in layer.sources]
        dequantised = [each for each in before if each and each.op_type == "DequantizeLinear"]
        after = [user for each in layer.results for user in graph.consumers[each.name]]
        if dequantised and len(after) == 1 and after[0].op_type == "QuantizeLinear":
            found.append(frozenset(each.id for each in (*dequantised, layer, after[0])))
    return tuple(found)


def _require(granularity: int) -> None:
    if granularity < 1:
        raise GraphError(
            f"{granularity} layers cannot be a brick",
            where="granularity",
            fix="ask for at least 1 layer per brick",
        )


def _blocks(graph: Graph) -> list[tuple[Layer, ...]]:
    """Groups and single layers, in order of their first layer."""
    groups = _closed(graph, atomic_groups(graph))
    grouped = {member: group for group in groups for member in group}
    blocks = []
    for layer in graph.layers:
        group = grouped.get(layer.id)
        if group is None:
            blocks.append((layer,))
        elif layer.id == min(group):
            blocks.append(tuple(graph.layers[member] for member in sorted(group)))
    return blocks


def _closed(graph: Graph, groups: Sequence[Group]) -> list[Group]:
    """Groups joined where they share a layer, with every layer on a path between two members."""
    while True:
        joined = reduce(_join, groups, [])
        closed = [group | _between(graph, group) for group in joined]
        if closed == list(groups):
            return closed
        groups = closed


def _join(groups: list[Group], group: Group) -> list[Group]:
    apart = [each for each in groups if each.isdisjoint(group)]
    touching = [each for each in groups if not each.isdisjoint(group)]
    return [*apart, group.union(*touching)]


def _between(graph: Graph, group: Group) -> Group:
    first, last = min(group), max(group)
    inner = graph.layers[first : last + 1]
    after, before = set(group), set(group)
    for layer in inner:
        if any(made.id in after for made in _made_by(graph, layer)):
            after.add(layer.id)
    for layer in reversed(inner):
        if layer.id in before:
            before.update(made.id for made in _made_by(graph, layer))
    return frozenset(after & before)


def _made_by(graph: Graph, layer: Layer) -> Iterable[Layer]:
    makers = (graph.producers.get(each.name) for each in layer.sources)
    return (each for each in makers if each)


def _successors(graph: Graph, block: tuple[Layer, ...], place: dict[Layer, int]) -> list[int]:
    own = place[block[0]]
    users = (
        place[user]
        for layer in block
        for tensor in layer.results
        for user in graph.consumers[tensor.name]
    )
    return sorted(set(users) - {own})
