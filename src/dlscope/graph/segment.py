"""`Segment`: consecutive layers of a graph, with what enters and what leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from dlscope.graph.ir import Graph, Layer, Tensor

VIEWS = frozenset({"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators whose result is their first input under another shape, in the same memory."""


def is_view(layer: Layer) -> bool:
    """Whether `layer` only renames its first input: nothing is computed and nothing is moved."""
    return not layer.domain and layer.op_type in VIEWS and layer.pure


@final
@dataclass(frozen=True, eq=False)
class Segment:
    """`layers` of `graph` in an order in which they can be executed."""

    graph: Graph
    layers: tuple[Layer, ...]

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """Tensors that are used inside and come from outside, constants excluded, by first use."""
        return tuple(each for each in self._outside if each.kind != "const")

    @cached_property
    def constants(self) -> tuple[Tensor, ...]:
        """Constants that are used inside, in order of first use."""
        return tuple(each for each in self._outside if each.kind == "const")

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """Tensors made inside that are used outside or leave the graph, in order of making.

        Where nothing is, the first result of the last layer; of no layers, nothing.
        """
        inside = set(self.layers)
        leaving = set(self.graph.outputs)
        made = [tensor for layer in self.layers for tensor in layer.results]
        found = tuple(
            tensor
            for tensor in made
            if tensor in leaving
            or any(user not in inside for user in self.graph.consumers[tensor.name])
        )
        return found or tuple(each for layer in self.layers[-1:] for each in layer.results[:1])

    @cached_property
    def _outside(self) -> tuple[Tensor, ...]:
        made: set[Tensor] = set()
        found: dict[Tensor, None] = {}
        for layer in self.layers:
            found.update(dict.fromkeys(each for each in layer.sources if each not in made))
            made.update(layer.results)
        return tuple(found)

    def without_edge_views(self) -> Segment:
        """The same without the views that it begins or ends with, which are never executed.

        A view whose source comes from outside begins it, one that only such views and what is
        outside use ends it. May be empty.
        """
        return Segment(self.graph, self._without_last(self._without_first()))

    def _without_first(self) -> tuple[Layer, ...]:
        outside = set(self._outside)
        kept = []
        for layer in self.layers:
            if is_view(layer) and layer.sources and layer.sources[0] in outside:
                outside.update(layer.results)
            else:
                kept.append(layer)
        return tuple(kept)

    def _without_last(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        needed: set[Tensor] = set()
        kept: list[Layer] = []
        for layer in reversed(layers):
            if is_view(layer) and needed.isdisjoint(layer.results):
                continue
            needed.update(layer.sources)
            kept.append(layer)
        return tuple(reversed(kept))
