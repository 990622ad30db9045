"""`LaneSearchCost`: stages 1 to 4 of EDD, where lanes are variables of the search themselves.

    operation   Perf = Σ_q GS_q(φ) · Perf^q(pf)          Res alike
    block       Perf = Σ_m GS_m(θ) · Perf(op_m)
    network     Σ_i Perf_i, or T · ln Σ_i exp(Perf_i / T)                           (2), (3)
    resources   Σ_i Res_i, or Σ_m share(GS_m) · Res(op_m) of shared engines         (4), (5)

The lanes of an operation are divided among its layers in proportion to their work where all are at
work at once, and are those of each layer where one runs after another.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from dlscope.devices.relaxation import Share
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.relaxed.architecture import Sample
from dlscope.methods.codesign.relaxed.expected import Expected, joint, smooth_maximum
from dlscope.methods.codesign.relaxed.layer_tensors import LayerTensors
from dlscope.methods.codesign.space.design import DesignSpace


@final
class LaneSearchCost:
    """Expected cost of a sample at given lanes; smooth in both.

    Stem and head are not searched: in a pipeline they keep pace with the slowest block, on engines
    they have the mean of all lanes.
    """

    def __init__(self, space: DesignSpace, costs: SpaceCosts, *, share: Share = "or") -> None:
        self._share: Share = share
        self._layers = LayerTensors.of(costs)
        total = self._layers.scaling_ns.sum(-1, keepdim=True)
        self._part = self._layers.scaling_ns / total.clamp(min=torch.finfo(total.dtype).tiny)
        self._engines = _engines(space)

    def __call__(self, sample: Sample, lanes_log2: Tensor, softness: float) -> Expected:
        """What `sample` is expected to cost at `lanes_log2`, [N, M, Q]."""
        weights, lanes = joint(sample), 2.0**lanes_log2
        if self._layers.is_pipeline:
            return self._pipeline(weights, lanes, softness)
        return self._folded(sample, weights, lanes)

    def _pipeline(self, weights: Tensor, lanes: Tensor, softness: float) -> Expected:
        layers = self._layers
        work = layers.scaling_ns.sum(-1)
        block_ns = (weights[:-1] * work[:-1] / lanes).sum(dim=(1, 2))
        slowest_ns = smooth_maximum(block_ns, softness)
        keeping_pace = work[-1:] / slowest_ns.detach()
        lane = (layers.lane_costs * self._part).sum(-1) * torch.cat(
            [lanes, keeping_pace.expand(1, *lanes.shape[1:])]
        )
        used = (weights * (lane + layers.fixed.sum(-1))).sum(dim=(1, 2, 3))
        memory_ns = (weights * layers.memory_ns).sum()
        return Expected(torch.maximum(slowest_ns, memory_ns), used / layers.budget)

    def _folded(self, sample: Sample, weights: Tensor, lanes: Tensor) -> Expected:
        layers = self._layers
        everywhere = torch.cat([lanes, lanes.mean().detach().expand(1, *lanes.shape[1:])])
        each_ns = layers.scaling_ns / everywhere[..., None] + layers.added_ns
        each_ns = torch.maximum(each_ns, layers.least_ns) * layers.exists
        time_ns = (weights[..., None] * each_ns).sum()
        engine = layers.lane_costs.amax(-1)[:, :-1] * lanes + layers.fixed.amax(-1)[:, :-1]
        by_operation = (sample.precisions * engine).sum(-1)  # [R, N, M]
        used = torch.stack(
            [self._shared(sample.operations, by_operation, places) for places in self._engines]
        ).sum(0)
        return Expected(time_ns, used / layers.budget)

    def _shared(self, operations: Tensor, used: Tensor, places: list[tuple[int, int]]) -> Tensor:
        """Resources of one engine, [R], times how often it is built."""
        blocks, indices = (list(each) for each in zip(*places, strict=True))
        chosen = operations[blocks, indices]
        built = torch.tanh(chosen.sum()) if self._share == "tanh" else 1 - (1 - chosen).prod()
        mean = (used[:, blocks, indices] * chosen).sum(-1)
        return built * mean / chosen.sum().clamp(min=torch.finfo(chosen.dtype).tiny)


def _engines(space: DesignSpace) -> list[list[tuple[int, int]]]:
    """Places (block, operation) of each kind of operation: one engine serves them all."""
    found: dict[str, list[tuple[int, int]]] = {}
    for block in space.blocks:
        for m, operation in enumerate(block.operations):
            found.setdefault(operation.name, []).append((block.place, m))
    return list(found.values())
