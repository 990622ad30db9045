"""`WeightedStage`: layers that have their lanes together, each weighted by how often it runs.

What a lane takes and what is there without any is read off costs and slopes at one lane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import final

from dlscope.devices.base import Choice, Cost, Device
from dlscope.devices.discretise import Scales

MOST_LANES = 4096


@final
class WeightedStage(Scales):
    """Layers of one stage or engine; `rates` are results a second of the task of each.

    Its cycles are the share of each second that it is busy: Σ rate · latency.
    """

    def __init__(self, device: Device, choices: Sequence[Choice], rates: Sequence[float]) -> None:
        self._device = device
        self._weighted = tuple(zip(choices, rates, strict=True))
        costs = [device.cost(each.layer, each.precision) for each in choices]
        self._lane_costs = _largest([_per_lane(cost) for cost in costs])
        self.fixed = _largest([_fixed(cost) for cost in costs])
        self._known: dict[int, float] = {}

    @property
    def lane_costs(self) -> Mapping[str, float]:
        """Resources of one lane, those of the layer that takes most of each."""
        return self._lane_costs

    @property
    def most_lanes(self) -> int:
        """As many as any device is searched with."""
        return MOST_LANES

    def cycles(self, lanes: int) -> float:
        """The share of each second that it is busy with `lanes` lanes."""
        if lanes not in self._known:
            pf = math.log2(lanes)
            self._known[lanes] = sum(
                rate * float(self._device.cost(each.layer, each.precision, pf).latency_ns) / 1e9
                for each, rate in self._weighted
            )
        return self._known[lanes]


def _per_lane(cost: Cost) -> dict[str, float]:
    """A slope over the logarithm of the lanes is ln 2 times what a lane takes, at one lane."""
    return {name: float(slope) / math.log(2) for name, slope in cost.resource_slopes.items()}


def _fixed(cost: Cost) -> dict[str, float]:
    per_lane = _per_lane(cost)
    return {name: float(used) - per_lane.get(name, 0.0) for name, used in cost.resources.items()}


def _largest(several: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = {name for each in several for name in each}
    return {name: max(each.get(name, 0.0) for each in several) for name in sorted(names)}
