"""`LayerCosts`: the cost of one layer as five numbers, from which it follows for any lanes.

latency(p) = max(a / p + c, floor)         resource(p) = fixed + lane · p
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Device
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

_MANY_LOG2, _PROBE_LOG2 = 40.0, 3.5
_SAME = 1e-6


@final
@dataclass(frozen=True)
class LayerCosts:
    """Time of a layer in ns: `scaling_ns` a at one lane, `added_ns` c, and the floor `least_ns`.

    `lane_costs` and `fixed` are by resource; `traffic_bytes` is what external memory carries.
    """

    scaling_ns: float
    added_ns: float = 0.0
    least_ns: float = 0.0
    lane_costs: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    traffic_bytes: float = 0.0

    @classmethod
    def of(cls, device: Device, layer: LayerShape, precision: Precision) -> Self:
        """Those of `device`, read off its cost and the slope of that at one lane.

        Raises `SearchError` where its costs have another form, or it cannot have the layer.
        """
        cost = device.cost(layer, precision, np.array([0.0, _MANY_LOG2, _PROBE_LOG2]))
        one, many, probe = (float(each) for each in cost.latency_ns)
        scaling_ns = -float(cost.latency_slope[0]) / math.log(2)
        lane_costs = {
            name: float(slopes[0]) / math.log(2) for name, slopes in cost.resource_slopes.items()
        }
        found = cls(
            scaling_ns=scaling_ns,
            added_ns=one - scaling_ns,
            least_ns=many,
            lane_costs=lane_costs,
            fixed={
                name: float(used[0]) - lane_costs.get(name, 0.0)
                for name, used in cost.resources.items()
            },
            traffic_bytes=float(np.ravel(cost.traffic_bytes)[0]),
        )
        if not math.isclose(found.latency_ns(2.0**_PROBE_LOG2), probe, rel_tol=_SAME):
            raise SearchError(
                f"the time of {layer} does not follow from its lanes as a search needs it",
                where=f"device {device.name}",
                fix="search on a device whose costs are smooth, such as fpga_recursive, and judge "
                "the design on this one",
            )
        return found

    def latency_ns(self, lanes: float) -> float:
        """How long the layer takes at so many lanes."""
        return max(self.scaling_ns / lanes + self.added_ns, self.least_ns)
