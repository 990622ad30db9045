"""`implement`: the best lanes of every layer of a design, powers of two within the budget.

What a lane takes and what is there without any is read off the cost of the device and its slope,
so that every device with smooth costs can be implemented.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice, Cost, Device, NetworkCost
from dlscope.devices.discretise import Scales, discrete_engines, discrete_pipeline
from dlscope.devices.layer_shape import LayerShape

Limit: TypeAlias = Callable[[LayerShape], int]
_MOST_LANES = 4096


@final
@dataclass(frozen=True)
class Implementation:
    """A design with its lanes, and what it costs; `cost` is that of the device it is for."""

    choices: tuple[Choice, ...]
    cost: NetworkCost


def no_limit(layer: LayerShape) -> int:
    """4096 lanes, whatever the layer."""
    del layer
    return _MOST_LANES


def implement(
    device: Device, choices: Sequence[Choice], *, most_lanes: Limit = no_limit
) -> Implementation:
    """The implementation that is best for what `device` is judged by; `pf` of `choices` is ignored.

    `most_lanes` tells the largest power of two that a layer can have. Raises `SearchError` for a
    device without smooth lanes, and where one lane each is more than the budget, with the least
    that is required.
    """
    if not device.has_lanes or not device.is_differentiable:
        raise SearchError(
            f"device {device.name} has no lanes to choose",
            where="implementation",
            fix="use a device whose costs are smooth in its lanes",
        )
    groups = _groups(device, choices)
    engines = [_Engine.of(device, [choices[i] for i in group], most_lanes) for group in groups]
    _require_room(device, engines)
    solve = discrete_engines if device.objective == "latency" else discrete_pipeline
    found = solve(engines, _left(device, engines))
    chosen = list(choices)
    for group, lanes in zip(groups, found.lanes, strict=True):
        for place in group:
            chosen[place] = replace(choices[place], pf=math.log2(lanes))
    return Implementation(tuple(chosen), device.network_cost(chosen))


@final
class _Engine(Scales):
    """Layers that have the same lanes: those of one engine, or one stage."""

    def __init__(
        self, device: Device, choices: Sequence[Choice], costs: Sequence[Cost], most_lanes: int
    ) -> None:
        self._device, self._choices = device, choices
        self._lane_costs = _largest([_per_lane(cost) for cost in costs])
        self.fixed = _largest([_fixed(cost) for cost in costs])
        self._most_lanes = most_lanes
        self._known: dict[int, float] = {}

    @classmethod
    def of(cls, device: Device, choices: Sequence[Choice], most_lanes: Limit) -> _Engine:
        """The engine of `choices`, as wide as the widest of them allows."""
        costs = [device.cost(each.layer, each.precision) for each in choices]
        return cls(device, choices, costs, max(most_lanes(each.layer) for each in choices))

    @property
    def lane_costs(self) -> Mapping[str, float]:
        return self._lane_costs

    @property
    def most_lanes(self) -> int:
        return self._most_lanes

    def cycles(self, lanes: int) -> float:
        """Time of all its layers in ns."""
        if lanes not in self._known:
            pf = math.log2(lanes)
            costs = (self._device.cost(each.layer, each.precision, pf) for each in self._choices)
            self._known[lanes] = sum(float(cost.latency_ns) for cost in costs)
        return self._known[lanes]


def _groups(device: Device, choices: Sequence[Choice]) -> list[list[int]]:
    """Places of the layers that share an engine, in the order of the first of each."""
    groups: dict[object, list[int]] = {}
    for place, choice in enumerate(choices):
        shared = device.shares_engines and choice.engine
        groups.setdefault(choice.engine if shared else place, []).append(place)
    return list(groups.values())


def _require_room(device: Device, engines: Sequence[_Engine]) -> None:
    """Raise `SearchError` where what is always there and one lane each are over the budget."""
    parts = [part for each in engines for part in (each.fixed, each.lane_costs)]
    names = sorted({name for part in parts for name in part})
    least = {name: sum(part.get(name, 0.0) for part in parts) for name in names}
    short = device.over_budget(least)
    if short:
        asked = ", ".join(
            f"{name} {least[name]:.6g} of {device.budget[name]:.6g}" for name in short
        )
        needed = ", ".join(f"{name} {used:.6g}" for name, used in least.items())
        raise SearchError(
            f"infeasible: one lane each takes {asked}",
            where=f"device {device.name}, {len(engines)} stages or engines",
            fix=f"use fewer bits, a smaller network or a larger board; the least is {needed}",
        )


def _left(device: Device, engines: Sequence[_Engine]) -> dict[str, float]:
    """The budget less what is there without lanes."""
    return {
        name: limit - sum(engine.fixed.get(name, 0.0) for engine in engines)
        for name, limit in device.budget.items()
    }


def _per_lane(cost: Cost) -> dict[str, float]:
    """What a lane takes, from a cost at one lane: its slope is ln 2 times that."""
    return {name: float(slope) / math.log(2) for name, slope in cost.resource_slopes.items()}


def _fixed(cost: Cost) -> dict[str, float]:
    per_lane = _per_lane(cost)
    return {name: float(used) - per_lane[name] for name, used in cost.resources.items()}


def _largest(several: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = {name for each in several for name in each}
    return {name: max(each.get(name, 0.0) for each in several) for name in sorted(names)}
