"""`Expectation`: what a sample of designs is expected to cost, and the objective made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
import torch

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample
from dlscope.methods.codesign.relaxed.closed_form_cost import ClosedFormCost
from dlscope.methods.codesign.relaxed.expected import Expected
from dlscope.methods.codesign.relaxed.lane_search import LaneSearchCost
from dlscope.methods.codesign.relaxed.objective import Objective
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.energy import SpaceEnergy
from dlscope.training.loop import Figures

_WEIGHTS = {"sum": 0.2, "exponent": 0.6}


@final
class Expectation:
    """The relaxed cost of a device, in closed form or at lanes that are trained, and its aims.

    Times, or energies, count in units of what the untrained supernet is expected to take.
    """

    def __init__(self, implementer: Implementer, aims: Aims) -> None:
        self._implementer, self._aims = implementer, aims
        space, costs = implementer.space, implementer.costs
        self._trains_lanes = aims.implementing == "gradient" and implementer.device.has_lanes
        self._closed = ClosedFormCost(costs)
        self._searched = LaneSearchCost(space, costs)
        is_energy = aims.minimised == "energy"
        self._energy = SpaceEnergy.of(space, implementer.device) if is_energy else None
        objective = Objective(
            combination=aims.combine,
            weight=_WEIGHTS.get(aims.combine, 1.0),
            has_penalty=self._trains_lanes,
            target_ns=aims.target_ns,
        )
        first = self.architecture(0)
        with torch.no_grad():
            cost = float(self.expected(first, first.probabilities(), 1.0).cost)
        self._objective = objective.scaled_to(cost)

    def architecture(self, seed: int) -> Architecture:
        """Variables of the space, with as many lanes as the budget has for all blocks alike."""
        space = self._implementer.space
        return Architecture(
            space,
            seed=seed,
            lanes_log2=self._first_lanes_log2(),
            lane_scope=space.lanes.scope,
        )

    def expected(self, architecture: Architecture, sample: Sample, softness: float) -> Expected:
        """What `sample` is expected to cost."""
        found = (
            self._searched(sample, architecture.lanes_log2, softness)
            if self._trains_lanes
            else self._closed(sample, softness)
        )
        if self._energy is None:
            return found
        return replace(found, energy_j=self._energy.expected(sample))

    def objective(
        self, loss: Any, architecture: Architecture, sample: Sample, softness: float
    ) -> Any:
        """What a step of the choices makes smaller, for a loss of the same sample."""
        if self._aims.is_blind:
            return loss
        expected = self.expected(architecture, sample, softness)
        return self._objective(loss.double().cpu(), expected)

    def figures(self, architecture: Architecture, softness: float) -> Figures:
        """Expected and discrete costs at the end of an epoch, which raises the price of a miss."""
        with torch.no_grad():
            expected = self.expected(architecture, architecture.probabilities(), softness)
        expected_ns = float(expected.time_ns)
        figures: Figures = {"expected_ns": expected_ns}
        if len(expected.usage):
            figures["expected_resource"] = float(expected.usage.max())
        discrete_ns, share = self._discrete(architecture)
        self._objective = self._objective.after_epoch(discrete_ns)
        if math.isfinite(discrete_ns):
            figures["discrete_ns"] = discrete_ns
            figures["gap"] = abs(expected_ns / discrete_ns - 1)
        if share is not None:
            figures["discrete_resource"] = share
        return figures

    def state_dict(self) -> dict[str, Any]:
        """The price of a missed target, to be kept in a checkpoint."""
        return {"hinge": self._objective.hinge}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        fields = {**vars(self._objective), "hinge": state["hinge"]}
        self._objective = Objective(**fields)

    def _discrete(self, architecture: Architecture) -> tuple[float, float | None]:
        """Time of the design as it stands, and its share of the scarcest resource."""
        try:
            found = self._implementer.implement(architecture.design())
        except SearchError:
            return math.inf, None
        budget = self._implementer.device.budget
        shares = [used / budget[name] for name, used in found.resources.items() if budget.get(name)]
        return found.interval_ns, max(shares, default=None)

    def _first_lanes_log2(self) -> float:
        """log2(R / (N · mean ψ)) of the scarcest resource, within what the space allows."""
        costs, lanes = self._implementer.costs, self._implementer.space.lanes
        found = math.inf
        for budget, of_lane in zip(costs.budget, costs.layers.lane_costs, strict=True):
            used = of_lane[of_lane > 0]
            if math.isfinite(budget) and used.size:
                count = len(self._implementer.space.blocks)
                found = min(found, budget / (count * float(np.mean(used))))
        if not math.isfinite(found) or found <= 1:
            return float(lanes.least_log2)
        return float(min(max(math.log2(found), lanes.least_log2), lanes.most_log2))
