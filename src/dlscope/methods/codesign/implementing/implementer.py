"""`Implementer`: gives designs of a space the best lanes on a device, and tells what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice, Cost, Device, Floats, NetworkCost
from dlscope.devices.measured import MeasuredDevice
from dlscope.methods.codesign.implementing.lanes import Solved, engine_lanes, pipeline_lanes
from dlscope.methods.codesign.implementing.layer_arrays import Integers, LayerArrays
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

_KEPT = 100_000


@final
@dataclass(frozen=True)
class ImplementedDesign:
    """A design with its lanes and what it costs, layer by layer from stem to head.

    `blocks` is the place of the block of each layer, None of stem and head. `layers` is empty
    where a device costs whole operations. `interval_ns` passes between results.
    """

    design: Design
    choices: tuple[Choice, ...]
    blocks: tuple[int | None, ...]
    latency_ns: float
    interval_ns: float
    resources: Mapping[str, float]
    layers: tuple[Cost, ...] = ()
    bottleneck: int = 0
    is_bandwidth_bound: bool = False
    over_budget: tuple[str, ...] = ()
    energy_j: float | None = None

    @property
    def fps(self) -> float:
        """Results a second."""
        return 1e9 / self.interval_ns

    @property
    def lanes(self) -> tuple[int, ...]:
        """Lanes of each layer."""
        return tuple(round(2**choice.pf) for choice in self.choices)


@final
class Implementer:
    """The best implementations of designs of `space` on `device`; what was found is kept.

    A layer has as many lanes as space and device allow. Raises `SearchError` and
    `MeasurementError` as `SpaceCosts.of` does.
    """

    def __init__(self, space: Space, device: Device) -> None:
        self.space, self.device = space, device
        self.costs = SpaceCosts.of(space, device)
        self._known: dict[Design, float] = {}

    def time_ns(self, design: Design) -> float:
        """Time per result, in ns; infinite where one lane each is more than the budget."""
        return float(self.times_ns([design])[0])

    def times_ns(self, designs: Sequence[Design]) -> Floats:
        """Time per result of each design, in ns; infinite where the budget is too small."""
        new = [each for each in dict.fromkeys(designs) if each not in self._known]
        if new:
            if len(self._known) + len(new) > _KEPT:
                self._known.clear()
            times = best_times_ns(self.costs, Choices.of(new))
            self._known.update(zip(new, times.tolist(), strict=True))
        missing = [each for each in designs if each not in self._known]
        if missing:  # more at once than are kept
            return best_times_ns(self.costs, Choices.of(designs))
        return np.array([self._known[each] for each in designs])

    def times_of(self, choices: Choices) -> Floats:
        """Time per result of designs that are given as arrays, in ns; nothing is kept."""
        return best_times_ns(self.costs, choices)

    def implement(self, design: Design) -> ImplementedDesign:
        """The design with its lanes.

        Raises `SearchError` where one lane each is more than the budget, with the least that is
        required.
        """
        design.require_in(self.space)
        if isinstance(self.device, MeasuredDevice):
            return self._measured(design)
        solved = self._solved(design)
        if not np.isfinite(solved.time_ns[0]):
            raise self._infeasible(design)
        choices = tuple(
            replace(choice, pf=float(log2))
            for choice, log2 in zip(
                design.choices(self.space), self._in_order(design, solved.lanes_log2), strict=True
            )
        )
        return self._implemented(design, choices, self.device.network_cost(choices))

    def _solved(self, design: Design) -> Solved:
        layers, _ = self.costs.gathered(Choices.of([design]))
        return solve(self.costs, layers)

    def _in_order(self, design: Design, lanes_log2: Integers) -> list[int]:
        """Lanes of layers that exist, from stem to head; arrays have stem and head last."""
        layers, _ = self.costs.gathered(Choices.of([design]))
        found = lanes_log2[0][layers.exists[0]].tolist()
        ends = len(self.space.stem_layers) + len(self.space.head_layers)
        blocks, stem = found[: len(found) - ends], len(self.space.stem_layers)
        return [*found[len(blocks) :][:stem], *blocks, *found[len(blocks) + stem :]]

    def _implemented(
        self, design: Design, choices: tuple[Choice, ...], cost: NetworkCost
    ) -> ImplementedDesign:
        return ImplementedDesign(
            design=design,
            choices=choices,
            blocks=self._blocks(design),
            latency_ns=cost.latency_ns,
            interval_ns=cost.interval_ns,
            resources=cost.resources,
            layers=cost.layers,
            bottleneck=cost.bottleneck,
            is_bandwidth_bound=cost.is_bandwidth_bound,
            over_budget=cost.over_budget,
            energy_j=cost.energy_j,
        )

    def _measured(self, design: Design) -> ImplementedDesign:
        time_ns = self.time_ns(design)
        choices = design.choices(self.space)
        return ImplementedDesign(design, choices, self._blocks(design), time_ns, time_ns, {})

    def _blocks(self, design: Design) -> tuple[int | None, ...]:
        inner = [
            block.place
            for block, m in zip(self.space.blocks, design.operations, strict=True)
            for _ in block.layers(m)
        ]
        stem, head = len(self.space.stem_layers), len(self.space.head_layers)
        return (*[None] * stem, *inner, *[None] * head)

    def _infeasible(self, design: Design) -> SearchError:
        least = dict(self.device.network_cost(design.choices(self.space)).resources)
        short = self.device.over_budget(least)
        asked = ", ".join(
            f"{name} {least[name]:.6g} of {self.device.budget[name]:.6g}" for name in short
        )
        needed = ", ".join(f"{name} {used:.6g}" for name, used in least.items())
        return SearchError(
            f"infeasible: one lane each takes {asked}",
            where=f"device {self.device.name}, space {self.space.name}",
            fix=f"use fewer bits, smaller operations or a larger board; the least is {needed}",
        )


def best_times_ns(costs: SpaceCosts, choices: Choices) -> Floats:
    """Time per result of designs at their best lanes, [B], infinite where nothing fits."""
    layers, memory_ns = costs.gathered(choices)
    time_ns = solve(costs, layers).time_ns
    return np.maximum(time_ns, memory_ns) if costs.objective == "throughput" else time_ns


def solve(costs: SpaceCosts, layers: LayerArrays) -> Solved:
    """The best lanes of designs whose layers are [B, L]."""
    if costs.objective == "throughput":
        return pipeline_lanes(layers, costs.budget)
    return engine_lanes(layers, costs.budget)
