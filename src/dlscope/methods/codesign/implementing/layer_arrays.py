"""`LayerArrays`: the costs of many layers, as arrays that have one shape.

The arrays of resources have another axis before that, R. A layer that does not exist is padding
and costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.devices.base import Floats
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts

Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Place: TypeAlias = tuple[int, ...]


@final
@dataclass(frozen=True)
class PlacedLayer:
    """A layer's costs, the engine that it shares with others, and the most lanes, log2."""

    costs: LayerCosts
    engine: int = 0
    most_log2: int = 0


@final
@dataclass(frozen=True)
class LayerArrays:
    """The numbers of `LayerCosts`, the engine of each layer, and its most lanes, log2."""

    exists: Booleans
    scaling_ns: Floats
    added_ns: Floats
    least_ns: Floats
    engine: Integers
    most_log2: Integers
    lane_costs: Floats
    fixed: Floats

    @classmethod
    def of(
        cls, layers: Mapping[Place, PlacedLayer], shape: tuple[int, ...], names: tuple[str, ...]
    ) -> Self:
        """Arrays of that shape with these layers, and resources in the order of `names`."""
        arrays = cls(
            exists=np.zeros(shape, dtype=bool),
            scaling_ns=np.zeros(shape),
            added_ns=np.zeros(shape),
            least_ns=np.zeros(shape),
            engine=np.zeros(shape, dtype=np.int64),
            most_log2=np.zeros(shape, dtype=np.int64),
            lane_costs=np.zeros((len(names), *shape)),
            fixed=np.zeros((len(names), *shape)),
        )
        for place, layer in layers.items():
            arrays._put(place, layer, names)
        return arrays

    def at(self, *index: Any) -> LayerArrays:
        """The layers at that index, [B, …] each, one after another: [B, L]."""

        def each(array: NDArray[Any]) -> NDArray[Any]:
            taken = array[index]
            return np.asarray(taken.reshape(len(taken), math.prod(taken.shape[1:])))

        return self._mapped(each)

    def _mapped(self, each: Callable[[NDArray[Any]], NDArray[Any]]) -> LayerArrays:
        by_resource = ("lane_costs", "fixed")
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in by_resource}
        mapped = {name: each(array) for name, array in plain.items()}
        none = np.zeros((0, *mapped["exists"].shape))
        for name in by_resource:
            rows = [each(row) for row in getattr(self, name)]
            mapped[name] = np.stack(rows) if rows else none
        return LayerArrays(**mapped)

    def _put(self, place: Place, layer: PlacedLayer, names: tuple[str, ...]) -> None:
        costs = layer.costs
        self.exists[place] = True
        self.scaling_ns[place] = costs.scaling_ns
        self.added_ns[place] = costs.added_ns
        self.least_ns[place] = costs.least_ns
        self.engine[place] = layer.engine
        self.most_log2[place] = layer.most_log2
        for r, name in enumerate(names):
            self.lane_costs[(r, *place)] = costs.lane_costs.get(name, 0.0)
            self.fixed[(r, *place)] = costs.fixed.get(name, 0.0)
