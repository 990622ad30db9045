"""`RelaxedCost`: the expected cost of a sample, lanes being variables or in closed form."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, final

import numpy as np

from dlscope.devices.relaxation import Share
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample
from dlscope.methods.codesign.relaxed.closed_form_cost import ClosedFormCost
from dlscope.methods.codesign.relaxed.expected import Expected
from dlscope.methods.codesign.relaxed.lane_search import LaneSearchCost
from dlscope.methods.codesign.space.design import DesignSpace

LaneMethod: TypeAlias = Literal["closed_form", "gradient"]


@final
class RelaxedCost:
    """Equations (2) to (5) of EDD over the `costs` of a space on a device.

    `lanes`: `gradient` takes them from the variables pf, as the paper does; `closed_form` gives
    every sample the best there are. `share` says how engines that several blocks share are counted.
    """

    def __init__(
        self,
        space: DesignSpace,
        costs: SpaceCosts,
        *,
        lanes: LaneMethod = "closed_form",
        share: Share = "or",
    ) -> None:
        self._closed = ClosedFormCost(costs, share=share) if lanes == "closed_form" else None
        self._searched = LaneSearchCost(space, costs, share=share)

    def __call__(self, sample: Sample, architecture: Architecture, softness: float) -> Expected:
        """What `sample` is expected to cost; `softness` is that of the slowest stage."""
        if self._closed is not None:
            return self._closed(sample, softness)
        return self._searched(sample, architecture.lanes_log2, softness)


def first_lanes_log2(costs: SpaceCosts) -> float:
    """Lanes of every operation at first, log2: an even share of the budget, 1 without a budget.

    R / (N · ψ̄), ψ̄ the mean of what a lane takes; of several resources the scarcest.
    """
    blocks = len(costs.layers.exists) - 1
    shares = [
        float(limit / (blocks * np.mean(lane[lane > 0])))
        for lane, limit in zip(costs.layers.lane_costs, costs.budget, strict=True)
        if np.isfinite(limit) and np.any(lane > 0)
    ]
    return max(math.log2(min(shares)), 0.0) if shares else 0.0
