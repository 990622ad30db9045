"""`LayoutProblem`: which way to carry out each layer, as a sum of costs of pairs of choices.

A layer is a variable, its ways to be carried out are the choices. A tensor that several take is one
more variable: the set of layouts in which it is wanted. So all costs belong to pairs of variables,
though a change of layout is paid once for all who want it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.costed import ANY_LAYOUT, PLAIN_LAYOUT, Cost, Costed
from dlscope.methods.bounds.pairwise_minimum import Costs, Pairwise
from dlscope.methods.bounds.wires import Chosen, Wire, require_measured

_Set = frozenset[str]


@final
class LayoutProblem:
    """The costs of choices for all layers of `costed`; variables are in topological order."""

    def __init__(self, costed: Costed, wires: Sequence[Wire]) -> None:
        self.costed, self.wires = costed, tuple(wires)
        self.costs = Pairwise()
        self.layouts = _layouts(costed)
        self._ways = {each.id: _ways(each.costs, self.layouts) for each in costed.layers}
        _require_layers(costed, wires)
        require_measured([(wire, self._changes(wire)) for wire in wires], where=costed.name)
        self._layer_variable: dict[int, int] = {}
        self._set_variable: list[tuple[Wire, int, list[_Set]]] = []
        self._add_variables()

    def policy(self, layout: str) -> Chosen:
        """Every layer in its cheapest way in `layout`, or else in its cheapest way."""
        return {
            layer: min(self._ways[layer], key=lambda cost: (not cost.is_in(layout), cost.order))
            for layer in self.costed.dag.nodes
        }

    def choices(self, chosen: Chosen) -> list[int]:
        """The numbers of the choices that carry out the layers so."""
        found = [0] * len(self.costs.single)
        for layer, variable in self._layer_variable.items():
            found[variable] = self._ways[layer].index(chosen[layer])
        for wire, variable, sets in self._set_variable:
            found[variable] = sets.index(wire.ends(chosen)[1])
        return found

    def chosen(self, choices: Sequence[int]) -> Chosen:
        """How the layers are carried out at these choices."""
        variables = self._layer_variable.items()
        return {layer: self._ways[layer][choices[variable]] for layer, variable in variables}

    def _add_variables(self) -> None:
        made: dict[int | None, list[Wire]] = {}
        for wire in self.wires:
            made.setdefault(wire.producer, []).append(wire)
        for wire in made.get(None, ()):
            self._add_set(wire)
        for layer in self.costed.dag.nodes:
            ways = self._ways[layer]
            self._layer_variable[layer] = self.costs.add([cost.cost_ns for cost in ways])
            for wire in made.get(layer, ()):
                self._add_set(wire)
        for wire in self.wires:
            if not wire.is_shared:
                self._join_ends(wire)
        for wire, variable, sets in self._set_variable:
            self._join_set(wire, variable, sets)

    def _add_set(self, wire: Wire) -> None:
        if wire.is_shared:
            sets = list(self._sets(wire))
            self._set_variable.append((wire, self.costs.add(np.zeros(len(sets))), sets))

    def _join_ends(self, wire: Wire) -> None:
        """The change of layout between who makes a tensor and the one who takes it."""
        taker = wire.consumers[0] if wire.consumers else None
        wanted = [cost.layout_in for cost in self._ways[taker]] if taker is not None else None
        sets = [frozenset({layout}) for layout in wanted or [PLAIN_LAYOUT]]
        self._add(wire.producer, taker, self._changing(wire, sets))

    def _join_set(self, wire: Wire, variable: int, sets: Sequence[_Set]) -> None:
        """The changes of layout of a tensor, and which sets do for each who takes it."""
        changing = self._changing(wire, sets)
        if wire.producer is None:
            self.costs.add_single(variable, changing[0])
        else:
            self.costs.add_pair(self._layer_variable[wire.producer], variable, changing)
        for taker in wire.consumers:
            fits = [[way.layout_in in each for way in self._ways[taker]] for each in sets]
            forbidding = np.where(np.array(fits), 0.0, np.inf)
            self.costs.add_pair(variable, self._layer_variable[taker], forbidding)

    def _add(self, producer: int | None, taker: int | None, changing: Costs) -> None:
        """Costs with a row for each way of the producer and a column for each of the taker."""
        if producer is not None and taker is not None:
            first, second = self._layer_variable[producer], self._layer_variable[taker]
            self.costs.add_pair(first, second, changing)
        elif producer is not None:
            self.costs.add_single(self._layer_variable[producer], changing[:, 0])
        elif taker is not None:
            self.costs.add_single(self._layer_variable[taker], changing[0])

    def _changing(self, wire: Wire, sets: Iterable[_Set]) -> Costs:
        """A row for each way of the producer: what the layouts of each set cost."""
        sets = tuple(sets)
        known = {
            (given, each): sum(cost.cost_ns for cost in wire.moves(given, each))
            for given in set(self._given(wire))
            for each in set(sets)
        }
        rows = [[known[given, each] for each in sets] for given in self._given(wire)]
        return np.array(rows, dtype=np.float64)

    def _given(self, wire: Wire) -> tuple[str, ...]:
        """The layout in which a tensor is given, for each way of its producer."""
        if wire.producer is None:
            return (PLAIN_LAYOUT,)
        return tuple(cost.layout_out for cost in self._ways[wire.producer])

    def _wanted(self, wire: Wire) -> Mapping[str, None]:
        """The layouts in which a tensor may be wanted."""
        ways = (cost.layout_in for taker in wire.consumers for cost in self._ways[taker])
        return dict.fromkeys((*((PLAIN_LAYOUT,) if wire.is_output else ()), *ways))

    def _changes(self, wire: Wire) -> Iterator[tuple[str, str]]:
        return itertools.product(dict.fromkeys(self._given(wire)), self._wanted(wire))

    def _sets(self, wire: Wire) -> Iterator[_Set]:
        """All sets of layouts that may be wanted; a graph output is always wanted plain."""
        wanted = tuple(self._wanted(wire))
        for size in range(1, len(wanted) + 1):
            for each in itertools.combinations(wanted, size):
                if not wire.is_output or PLAIN_LAYOUT in each:
                    yield frozenset(each)


def _layouts(costed: Costed) -> tuple[str, ...]:
    """The plain layout, then those that the costs name."""
    costs = [cost for layer in costed.layers for cost in layer.costs]
    named = (layout for cost in costs for layout in (cost.layout_in, cost.layout_out))
    return tuple(dict.fromkeys(each for each in (PLAIN_LAYOUT, *named) if each != ANY_LAYOUT))


def _ways(costs: Iterable[Cost], layouts: Sequence[str]) -> tuple[Cost, ...]:
    """The cheapest cost for each pair of layouts; one that takes any layout is one for each."""
    found: dict[tuple[str, str], Cost] = {}
    for cost in sorted(costs, key=lambda cost: cost.order):
        for way in _spelled_out(cost, layouts):
            found.setdefault((way.layout_in, way.layout_out), way)
    return tuple(found.values())


def _spelled_out(cost: Cost, layouts: Sequence[str]) -> Iterator[Cost]:
    takes = layouts if cost.layout_in == ANY_LAYOUT else (cost.layout_in,)
    for layout in takes:
        gives = layout if cost.layout_out == ANY_LAYOUT else cost.layout_out
        yield replace(cost, layout_in=layout, layout_out=gives)


def _require_layers(costed: Costed, wires: Sequence[Wire]) -> None:
    lost = [
        f"{wire.tensor} ({end})"
        for wire in wires
        for end in (wire.producer, *wire.consumers)
        if end is not None and end not in costed.by_id
    ]
    if lost:
        raise BoundError(
            f"tensors of layers that there are not: {', '.join(lost)}",
            where=costed.name,
            fix="take the costs and the tensors from one graph",
        )
