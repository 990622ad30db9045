"""`LayerTensors`: what layers cost, as constants that a relaxed cost is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from torch import Tensor

from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.relaxed.expected import constant


@final
@dataclass(frozen=True, eq=False)
class LayerTensors:
    """The arrays of a `SpaceCosts` in double precision; resources [R] are those that are limited.

    `is_pipeline` says that the slowest stage counts, not the sum of all layers.
    """

    is_pipeline: bool
    budget: Tensor
    scaling_ns: Tensor
    added_ns: Tensor
    least_ns: Tensor
    exists: Tensor
    lane_costs: Tensor
    fixed: Tensor
    memory_ns: Tensor

    @classmethod
    def of(cls, costs: SpaceCosts) -> Self:
        """Those of `costs`."""
        layers = costs.layers
        limited = [r for r, most in enumerate(costs.budget) if np.isfinite(most)]
        return cls(
            is_pipeline=costs.objective == "throughput",
            budget=constant(costs.budget[limited]),
            scaling_ns=constant(layers.scaling_ns),
            added_ns=constant(layers.added_ns),
            least_ns=constant(layers.least_ns),
            exists=constant(layers.exists),
            lane_costs=constant(layers.lane_costs[limited]),
            fixed=constant(layers.fixed[limited]),
            memory_ns=constant(costs.memory_ns),
        )
