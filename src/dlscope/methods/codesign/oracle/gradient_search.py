"""`descend`: a gradient search on an oracle instance, as published or with better settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from dlscope.core.manifest.space import LaneScope
from dlscope.devices.relaxation import FIRST_SOFTNESS, softness_at
from dlscope.methods.codesign.oracle.instance import LEAST_LOSS, OracleInstance
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample
from dlscope.methods.codesign.relaxed.expected import constant
from dlscope.methods.codesign.relaxed.gumbel import FIRST_TEMPERATURE, LAST_TEMPERATURE, Mode
from dlscope.methods.codesign.relaxed.objective import Objective
from dlscope.methods.codesign.relaxed.relaxed_cost import (
    LaneMethod,
    RelaxedCost,
    first_lanes_log2,
)

_BETAS = (0.5, 0.999)
_CERTAIN = 100.0  # a logit that leaves nothing to the others


@final
@dataclass(frozen=True)
class GradientSettings:
    """How a gradient search goes; the defaults are those of dlscope.

    `lanes`: variables of the search, or in closed form. `rate` is the learning rate of θ and φ,
    `lane_rate` that of pf. Lanes start `extra_log2` above an even share of the budget. The
    temperature falls geometrically; so does the softness of the slowest stage if it `anneals`.
    Without `searches_bits` all blocks have the widest.
    """

    lanes: LaneMethod = "closed_form"
    mode: Mode = "soft"
    steps: int = 100
    rate: float = 0.1
    lane_rate: float = 0.1
    lane_scope: LaneScope = "op"
    extra_log2: float = 0.0
    anneals: bool = True
    searches_bits: bool = True
    objective: Objective = field(default_factory=lambda: Objective("log", has_penalty=False))


PUBLISHED = GradientSettings(
    lanes="gradient",
    mode="hard",
    steps=600,
    rate=0.03,
    lane_rate=0.03,
    anneals=False,
    objective=Objective("product"),
)
"""Our reading of EDD: a pf for each operation at each precision, one learning rate, hard samples.

The paper prints no constants; the rate is the best of several on other instances.
"""


def descend(instance: OracleInstance, settings: GradientSettings, seed: int) -> Architecture:
    """The variables after all steps; every random number comes from `seed`."""
    space, costs = instance.space, instance.costs
    architecture = Architecture(
        space,
        seed=seed,
        lanes_log2=first_lanes_log2(costs) + settings.extra_log2,
        lane_scope=settings.lane_scope,
    )
    if not settings.searches_bits:
        architecture.phi.data[..., -1] = _CERTAIN
    optimiser = torch.optim.Adam(
        [
            {"params": [architecture.theta], "lr": settings.rate},
            {"params": [architecture.phi], "lr": settings.rate * settings.searches_bits},
            {"params": [architecture.pf], "lr": settings.lane_rate},
        ],
        betas=_BETAS,
    )
    loss_of, cost_of = _loss(instance), RelaxedCost(space, costs, lanes=settings.lanes)
    first = cost_of(architecture.probabilities(), architecture, FIRST_SOFTNESS)
    objective = settings.objective.scaled_to(float(first.time_ns.detach()))
    for step in range(settings.steps):
        progress = step / max(settings.steps - 1, 1)
        temperature = FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** progress
        sample = architecture.sample(temperature, settings.mode)
        softness = softness_at(progress) if settings.anneals else FIRST_SOFTNESS
        optimiser.zero_grad()
        objective(loss_of(sample), cost_of(sample, architecture, softness)).backward()
        optimiser.step()
    return architecture


def _loss(instance: OracleInstance) -> Callable[[Sample], Tensor]:
    """The loss of a sample: linear in operations and precisions, bilinear in neighbours."""
    operation_losses = constant(instance.operation_losses)
    precision_losses = constant(instance.precision_losses)
    pair_losses = constant(instance.pair_losses)

    def loss(sample: Sample) -> Tensor:
        weights, bits = sample
        total = LEAST_LOSS + (weights * operation_losses).sum()
        total = total + (weights[..., None] * bits * precision_losses[:, None, :]).sum()
        if len(pair_losses):
            total = total + torch.einsum("im,in,imn->", weights[:-1], weights[1:], pair_losses)
        return total

    return loss


def without_hardware(mode: Mode, steps: int) -> GradientSettings:
    """A search of operations alone, at the widest bits and equal lanes, as DARTS and ProxylessNAS.

    Its objective knows how long a design takes, and nothing of what it uses.
    """
    return GradientSettings(
        lanes="gradient",
        mode=mode,
        steps=steps,
        rate=PUBLISHED.rate,
        lane_rate=0.0,
        searches_bits=False,
        objective=Objective("product", penalty=0.0),
    )
