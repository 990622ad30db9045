"""`ClosedFormCost`: the best lanes for what a sample is expected to be, in closed form.

Lanes are no variables of the search; every gradient is of the best implementation.

    pipeline    T* = max_r Σ u · ψ_r · a / (R_r − fixed_r), at least a stage with its most lanes
    engines     the sum of all layers at the best lanes p of every engine

u is the weight of a layer in the sample, a its time at one lane, ψ what a lane takes. For engines
the slope is that of the Lagrangian at the optimum, in which p and the prices μ are constants:

    d lat* = Σ d(u · a) / p + Σ_r μ_r · d(resources_r),      W_k / p_k² = Σ_r μ_r · ψ_{k,r}
"""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from dlscope.devices.base import Floats
from dlscope.devices.closed_form import best_engines
from dlscope.devices.relaxation import Share
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.relaxed.architecture import Sample
from dlscope.methods.codesign.relaxed.expected import Expected, constant, joint, smooth_maximum
from dlscope.methods.codesign.relaxed.layer_tensors import LayerTensors

_LEAST_ROOM = 1e-3  # of a budget, where what is always there exceeds it


@final
class ClosedFormCost:
    """Expected cost of a sample at the lanes that are best for it; smooth but for single points."""

    def __init__(self, costs: SpaceCosts, *, share: Share = "or") -> None:
        self._share: Share = share
        self._layers = LayerTensors.of(costs)
        layers = costs.layers
        most = 2.0**layers.most_log2
        at_most = np.maximum(layers.scaling_ns / most + layers.added_ns, layers.least_ns)
        self._at_most_ns = constant(np.where(layers.exists, at_most, 0.0).max(axis=-1))
        self._members = [
            constant(layers.exists & (layers.engine == engine)) for engine in range(costs.engines)
        ]
        self._most = [float(most[each.numpy() > 0].max(initial=1)) for each in self._members]

    def __call__(self, sample: Sample, softness: float) -> Expected:
        """What `sample` is expected to cost."""
        weights = joint(sample)
        return (
            self._pipeline(weights, softness) if self._layers.is_pipeline else self._folded(weights)
        )

    def _pipeline(self, weights: Tensor, softness: float) -> Expected:
        layers = self._layers
        asked = (weights * (layers.lane_costs * layers.scaling_ns).sum(-1)).sum(dim=(1, 2, 3))
        fixed = (weights * layers.fixed.sum(-1)).sum(dim=(1, 2, 3))
        balanced_ns = asked / self._room(fixed)
        fastest_ns = smooth_maximum((weights * self._at_most_ns).sum(dim=(1, 2)), softness)
        memory_ns = (weights * layers.memory_ns).sum()
        time_ns = torch.stack([balanced_ns.max(), fastest_ns, memory_ns]).max()
        return Expected(time_ns, (asked / time_ns.detach() + fixed) / layers.budget)

    def _folded(self, weights: Tensor) -> Expected:
        layers = self._layers
        layer_weights = weights[..., None] * layers.exists
        lane = torch.stack([self._widest(weights, each) for each in self._members], dim=1)
        fixed = torch.stack([self._largest(weights, each) for each in self._members], dim=1).sum(1)
        work = torch.stack(
            [(layer_weights * each * layers.scaling_ns).sum() for each in self._members]
        )
        lanes, prices = self._solved(work, lane, fixed)
        everywhere = sum(
            (each * p for each, p in zip(self._members, lanes, strict=True)),
            start=1 - layers.exists,
        )
        each_ns = torch.maximum(layers.scaling_ns / everywhere + layers.added_ns, layers.least_ns)
        used = (lane * lanes).sum(1)
        time_ns = (layer_weights * each_ns).sum() + (prices * (used - used.detach())).sum()
        return Expected(time_ns, (used + fixed) / layers.budget)

    def _room(self, fixed: Tensor) -> Tensor:
        return torch.maximum(self._layers.budget - fixed, _LEAST_ROOM * self._layers.budget)

    def _widest(self, weights: Tensor, members: Tensor) -> Tensor:
        """What a lane of an engine takes, [R]: as much as the widest layer that is on it.

        The expected largest of independent choices: Σ over levels of their height times the
        chance that any block reaches them.
        """
        of_choice = (self._layers.lane_costs * members).amax(-1)  # [R, N + 1, M, Q]
        rows = []
        for costs in of_choice:
            levels = torch.unique(costs)
            below, expected = torch.zeros(()), torch.zeros((), dtype=weights.dtype)
            for level in levels[levels > 0]:
                reached = (weights * (costs >= level)).sum(dim=(1, 2)).clamp(max=1.0)
                expected = expected + (level - below) * self._any(reached)
                below = level
            rows.append(expected)
        return torch.stack(rows) if rows else torch.zeros(0, dtype=weights.dtype)

    def _any(self, chances: Tensor) -> Tensor:
        if self._share == "tanh":
            return torch.tanh(chances.sum())
        return 1 - (1 - chances).prod()

    def _largest(self, weights: Tensor, members: Tensor) -> Tensor:
        """What an engine takes without lanes, [R]: that of the block that is expected to most."""
        of_choice = (self._layers.fixed * members).amax(-1)
        return (weights * of_choice).sum(dim=(2, 3)).amax(-1)

    def _solved(self, work: Tensor, lane: Tensor, fixed: Tensor) -> tuple[Tensor, Tensor]:
        """The best lanes of each engine, and the price of each resource in ns, as constants."""
        works, costs = work.detach().numpy(), lane.detach().numpy()
        room = self._room(fixed.detach()).numpy()
        lanes = np.array(self._most)
        is_scaling = (works > 0) & (costs.sum(axis=0) > 0)
        prices = np.zeros(len(room))
        if is_scaling.any():
            own = costs[:, is_scaling]
            named = {str(r): row for r, row in enumerate(own)}
            budget = {str(r): float(each) for r, each in enumerate(room)}
            found = best_engines(works[is_scaling], named, budget).lanes
            lanes[is_scaling] = np.minimum(np.maximum(found, 1.0), lanes[is_scaling])
            prices = _prices(own, works[is_scaling] / found**2)
        return torch.as_tensor(lanes), torch.as_tensor(prices)


def _prices(lane_costs: Floats, gains: Floats) -> Floats:
    """Prices μ ≥ 0 with Σ_r μ_r · ψ_{k,r} = W_k / p_k², as nearly as there are."""
    used = lane_costs.sum(axis=1) > 0
    prices = np.zeros(len(lane_costs))
    prices[used] = np.linalg.lstsq(lane_costs[used].T, gains, rcond=None)[0]
    return np.maximum(prices, 0.0)
