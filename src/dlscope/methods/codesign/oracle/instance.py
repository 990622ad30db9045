"""`OracleInstance`: a space on a pipelined device in which the loss of every design is known.

    loss = 0.6 + Σ_i a_{i,m} + Σ_i b_{i,q} + Σ_i c_{i,m,m'}       a pair c with the next block
    L    = loss · max_i W_{i,m} / (p_i · f)                        in ms, least is best

Every block is one stage; lanes are powers of two that the budget allows, and best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from dlscope.core.digest import digest
from dlscope.core.manifest.space import Scope
from dlscope.devices.base import Floats
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.implementing.implementer import best_times_ns
from dlscope.methods.codesign.implementing.layer_arrays import Place, PlacedLayer
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Block

LEAST_LOSS = 0.6
_NS_PER_S = 1e9
_MOST_LOG2 = 12


@final
@dataclass(frozen=True)
class OracleSpace:
    """The blocks of an instance, and the precisions that each may have."""

    name: str
    blocks: Sequence[Block]
    precisions: Sequence[Precision]
    precision_scope: Scope = "block"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the name and of what can be chosen."""
        names = [[operation.name for operation in block.operations] for block in self.blocks]
        return digest([self.name, names, [str(each) for each in self.precisions]])


@final
@dataclass(frozen=True)
class OracleInstance:
    """What operations [N, M], precisions [N, Q] and pairs [N − 1, M, M] add to the loss.

    `lane_costs` is what a lane takes at each precision, `budget` what there is.
    """

    space: OracleSpace
    operation_losses: Floats
    precision_losses: Floats
    pair_losses: Floats
    lane_costs: tuple[float, ...]
    budget: float
    clock_hz: float

    @cached_property
    def costs(self) -> SpaceCosts:
        """Every block at every choice, as one stage; there is no stem and no head."""
        layers: dict[Place, PlacedLayer] = {}
        for block in self.space.blocks:
            for m in range(len(block.operations)):
                stage_ns = block.work(m) / self.clock_hz * _NS_PER_S
                for q, lane in enumerate(self.lane_costs):
                    costs = LayerCosts(stage_ns, lane_costs={"lane": lane})
                    layers[block.place, m, q, 0] = PlacedLayer(costs, most_log2=_MOST_LOG2)
        shape = (len(self.space.blocks) + 1, *self.operation_losses.shape[1:])
        memory_ns = np.zeros((*shape, len(self.lane_costs)))
        return SpaceCosts.build(
            layers, memory_ns, budget={"lane": self.budget}, objective="throughput"
        )

    def loss(self, design: Design) -> float:
        """The loss of one design."""
        return float(self.losses(Choices.of([design]))[0])

    def losses(self, choices: Choices) -> Floats:
        """The losses of designs, [B]."""
        operations, precisions = choices
        blocks = np.arange(operations.shape[1])
        added = self.operation_losses[blocks, operations].sum(axis=1)
        added = added + self.precision_losses[blocks, precisions].sum(axis=1)
        if len(self.pair_losses):
            pairs = self.pair_losses[blocks[:-1], operations[:, :-1], operations[:, 1:]]
            added = added + pairs.sum(axis=1)
        return np.asarray(LEAST_LOSS + added)

    def times_of(self, choices: Choices) -> Floats:
        """Time per result of each design at its best lanes, ns, [B]."""
        return best_times_ns(self.costs, choices)
