"""`with_plain_ends`: what a graph takes and gives is laid out plain, whatever lies in between.

A backend that lays out its activations as it likes passes them on so, but not to who uses the
model: OpenVINO resizes an image with the channels last and then turns it, which may take five times
as long as resizing. By another library's turns it would be predicted wrong. But a benchmark in the
plain layout has the backend's own, of what is taken and of what is given, each by its bytes:

    cost = last + (plain − last) · bytes at ends of the graph / all bytes that are taken and given
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.segment import Segment
from dlscope.methods.bounds.costed import ANY_LAYOUT, PLAIN_LAYOUT, Cost, Costed

_FREE = (ANY_LAYOUT, PLAIN_LAYOUT)


def with_plain_ends(network: Costed, graph: Graph) -> Costed:
    """The network of `graph` in which the first and last layers pay for what they turn.

    A way that was not measured in the plain layout as well stays as it is.
    """
    ends = _Ends(graph, frozenset(graph.inputs), frozenset(graph.outputs))
    layers = tuple(replace(each, costs=ends.paid(each.costs, [each.id])) for each in network.layers)
    groups = tuple(
        replace(each, costs=ends.paid(each.costs, each.layers)) for each in network.groups
    )
    return Costed(network.name, layers, network.predecessors, groups)


@final
@dataclass(frozen=True)
class _Ends:
    """The tensors by which a graph is used."""

    graph: Graph
    taken: frozenset[Tensor]
    given: frozenset[Tensor]

    def paid(self, costs: tuple[Cost, ...], layers: Sequence[int]) -> tuple[Cost, ...]:
        """The costs of layers that are carried out at once, with what they turn at the ends."""
        share = self._share(layers)
        plain = {_way(cost): cost.cost_ns for cost in costs if cost.is_in(PLAIN_LAYOUT)}
        return tuple(
            cost
            if cost.layout_out in _FREE or not share
            else replace(cost, cost_ns=cost.cost_ns + _turned_ns(cost, plain, share))
            for cost in costs
        )

    def _share(self, layers: Sequence[int]) -> float:
        """Of all bytes that the layers take and give, those that the graph takes and gives."""
        segment = Segment(self.graph, tuple(self.graph.layers[each] for each in sorted(layers)))
        moved = _size_bytes((*segment.inputs, *segment.outputs))
        ends = [each for each in segment.inputs if each in self.taken]
        ends += [each for each in segment.outputs if each in self.given]
        return _size_bytes(ends) / moved if moved else 0.0


def _turned_ns(cost: Cost, plain: dict[tuple[str, str, str], int], share: float) -> int:
    return round(max(plain.get(_way(cost), 0) - cost.cost_ns, 0) * share)


def _way(cost: Cost) -> tuple[str, str, str]:
    return cost.implementation, cost.algorithm, cost.dtype


def _size_bytes(tensors: Iterable[Tensor]) -> int:
    return sum(each.size_bytes for each in tensors)
