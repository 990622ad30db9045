"""`Wire`: a tensor on its way from the layer that makes it, and what laying it out anew costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import BoundError
from dlscope.graph.ir import Graph, Tensor
from dlscope.methods.bounds.costed import PLAIN_LAYOUT, Cost, cheapest

Chosen = Mapping[int, Cost]
"""How each layer is carried out, by its id."""


@final
@dataclass(frozen=True)
class Wire:
    """An activation, who makes it (None: it is a graph input), and who takes it.

    `reorders` are the measured costs of laying it out anew, from their `layout_in` to their
    `layout_out`; the same layout costs nothing. However many take it in a layout, it is laid out
    so once.
    """

    tensor: str
    producer: int | None
    consumers: tuple[int, ...]
    is_output: bool = False
    reorders: tuple[Cost, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether more than one takes it, who uses the graph being one of them."""
        return len(self.consumers) + self.is_output > 1

    def reorder(self, layout_in: str, layout_out: str) -> Cost | None:
        """The cheapest way between two layouts; None if it was not measured."""
        return cheapest(
            each
            for each in self.reorders
            if (each.layout_in, each.layout_out) == (layout_in, layout_out)
        )

    def moves(self, layout_in: str, layouts: Iterable[str]) -> tuple[Cost, ...]:
        """The changes from one layout to each other one of `layouts`, all of them measured."""
        found = (self.reorder(layout_in, each) for each in sorted(layouts) if each != layout_in)
        return tuple(cost for cost in found if cost)

    def ends(self, chosen: Chosen) -> tuple[str, frozenset[str]]:
        """The layout in which it is given, and those in which it is wanted."""
        given = PLAIN_LAYOUT if self.producer is None else chosen[self.producer].layout_out
        wanted = {chosen[each].layout_in for each in self.consumers}
        return given, frozenset(wanted | {PLAIN_LAYOUT} if self.is_output else wanted)


def wires_of(graph: Graph, reorders: Callable[[Tensor], Iterable[Cost]]) -> tuple[Wire, ...]:
    """The activations of `graph` that someone takes, with what `reorders` knows of each."""
    outputs = set(graph.outputs)
    return tuple(
        Wire(
            tensor.name,
            graph.producers[tensor.name].id if tensor.name in graph.producers else None,
            tuple(layer.id for layer in graph.consumers[tensor.name]),
            tensor in outputs,
            tuple(reorders(tensor)),
        )
        for tensor in graph.tensors.values()
        if tensor.kind != "const" and (graph.consumers[tensor.name] or tensor in outputs)
    )


def require_measured(
    wanted: Sequence[tuple[Wire, Iterable[tuple[str, str]]]], *, where: str
) -> None:
    """Do nothing where a cost is known from each layout to each other one that is wanted of it.

    Else raises `BoundError` naming every tensor and pair of layouts without one.
    """
    missing = [
        f"{wire.tensor} ({layout_in} to {layout_out})"
        for wire, pairs in wanted
        for layout_in, layout_out in pairs
        if layout_in != layout_out and wire.reorder(layout_in, layout_out) is None
    ]
    if missing:
        raise BoundError(
            f"no measurement of laying out anew: {', '.join(missing)}",
            where=where,
            fix="measure these reorders, or leave out the implementations that need them",
        )
