"""`partition` and `windows`: how a graph is cut into segments (DLBricks, sections III and IV)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from dlscope.core.errors import GraphError
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.segment import Segment

Cut = Literal["executed", "authored"]
"""What is cut: what ONNX Runtime makes of a graph and executes, or the graph as it was written."""

Group = frozenset[int]
"""Ids of layers that are never separated."""

Block = tuple[Layer, ...]
"""Layers that are never separated, or a single one."""


def partition(graph: Graph, granularity: int) -> tuple[Segment, ...]:
    """Segments of at most `granularity` layers, each layer in exactly one, in execution order.

    A group that is never cut (see `atomic_groups`) may be longer; it is then a segment of its own.
    Raises `GraphError` for a granularity below 1.
    """
    require_granularity(granularity)
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
    require_granularity(granularity)
    blocks = execution_order(graph)
    if any(len(block) > 1 for block in blocks):
        raise GraphError(
            "windows would cut through layers that belong together",
            where=graph.name,
            fix="use the standard partition",
        )
    layers = [block[0] for block in blocks]
    if not layers:
        return ()
    last = max(len(layers) - granularity, 0)
    return tuple(
        Segment(graph, tuple(layers[start : start + granularity])) for start in range(last + 1)
    )


def execution_order(graph: Graph) -> tuple[Block, ...]:
    """Layers in topological order; those that are never separated are one block.

    Kahn's algorithm with a stack: what became ready last goes first, so that after a fork one
    branch is finished before the next starts; of equal ones, the layer with the smaller id.
    """
    blocks = _blocks(graph)
    successors = _successors(graph, blocks)
    waiting = [len(before) for before in _inverse(successors)]
    ready = [index for index in reversed(range(len(blocks))) if not waiting[index]]
    order = []
    while ready:
        current = ready.pop()
        order.append(blocks[current])
        for each in successors[current]:
            waiting[each] -= 1
        freed = [each for each in successors[current] if not waiting[each]]
        ready.extend(reversed(freed))
    assert len(order) == len(blocks)  # a graph has no cycle, and what makes one is one block
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


def require_granularity(granularity: int) -> None:
    """Raise `GraphError` for a granularity below 1."""
    if granularity < 1:
        raise GraphError(
            f"{granularity} layers cannot be a brick",
            where="granularity",
            fix="ask for at least 1 layer per brick",
        )


def _blocks(graph: Graph) -> list[Block]:
    """What is never separated, in order of its first layer; no two blocks wait for each other."""
    blocks = _contracted(graph, _joined(atomic_groups(graph)))
    after = _successors(graph, blocks)
    before = _inverse(after)
    circles: list[Group] = []
    for index, block in enumerate(blocks):
        if len(block) > 1 and not any(block[0].id in circle for circle in circles):
            circle = _reached(after, index) & _reached(before, index)
            circles.append(frozenset(layer.id for each in circle for layer in blocks[each]))
    return _contracted(graph, circles)


def _joined(groups: Sequence[Group]) -> list[Group]:
    """Groups that share a layer as one."""
    joined: list[Group] = []
    for group in groups:
        apart = [each for each in joined if each.isdisjoint(group)]
        touching = [each for each in joined if not each.isdisjoint(group)]
        joined = [*apart, group.union(*touching)]
    return joined


def _contracted(graph: Graph, groups: Sequence[Group]) -> list[Block]:
    """Groups that share no layer, and the layers in none, in order of their first layer."""
    grouped = {member: group for group in groups for member in group}
    blocks: list[Block] = []
    for layer in graph.layers:
        group = grouped.get(layer.id, frozenset({layer.id}))
        if layer.id == min(group):
            blocks.append(tuple(graph.layers[member] for member in sorted(group)))
    return blocks


def _successors(graph: Graph, blocks: Sequence[Block]) -> list[list[int]]:
    """Of each block, the others that take what it makes, in order."""
    place = {layer: index for index, block in enumerate(blocks) for layer in block}
    return [
        sorted({place[user] for layer in block for user in _users(graph, layer)} - {index})
        for index, block in enumerate(blocks)
    ]


def _users(graph: Graph, layer: Layer) -> Iterator[Layer]:
    return (user for tensor in layer.results for user in graph.consumers[tensor.name])


def _inverse(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in successors]
    for index, followers in enumerate(successors):
        for each in followers:
            found[each].append(index)
    return found


def _reached(steps: Sequence[Sequence[int]], start: int) -> set[int]:
    """Where `steps` lead from `start`, itself included."""
    found, ahead = {start}, [start]
    while ahead:
        new = [each for each in steps[ahead.pop()] if each not in found]
        found.update(new)
        ahead.extend(new)
    return found
