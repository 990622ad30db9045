"""`Parts`: the network of a stage and what trains it, by the kind of the stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import torch

from dlscope.methods.adaptation.feature_memory import FeatureMemory
from dlscope.methods.adaptation.online import OnlineStepping
from dlscope.methods.adaptation.options import AdaptationOptions, LossWeights
from dlscope.methods.adaptation.stage import Stage
from dlscope.methods.adaptation.stepping import Batch, Stepping
from dlscope.training.loop import Figures
from dlscope.training.schedule import set_rate
from dlscope.zoo.segmenter.discriminator import Discriminator, require_side
from dlscope.zoo.segmenter.segmenter import Segmenter

_BETAS = (0.9, 0.99)
_MOMENTUM = 0.9
_DRAWN_IN_STEP = 3

Advance: TypeAlias = Callable[[Batch, Batch | None, LossWeights, int], Figures]
"""One step, of that number, on a batch of each domain."""


@final
@dataclass(frozen=True)
class Parts:
    """`stateful` is all that a step changes; `settle` ends a stage.

    Within `as_judged` the network has the weights that it would have after `settle`.
    """

    network: Segmenter
    stateful: dict[str, Any]
    advance: Advance
    settle: Callable[[], None]
    discriminator_rate: float
    as_judged: Callable[[], AbstractContextManager[Any]] = nullcontext

    def set_rates(self, rate: float, falling: float) -> None:
        """Give the network `rate`, its head a multiple, the discriminator its own, `falling`."""
        for group in self.stateful["optimizer"].param_groups:
            group["lr"] = rate * group["factor"]
        if "discriminator_optimizer" in self.stateful:
            set_rate(self.stateful["discriminator_optimizer"], self.discriminator_rate * falling)

    @staticmethod
    def judged_of(states: Mapping[str, Any]) -> Mapping[str, Any]:
        """The weights that a network of these `states` would have after `settle`."""
        weights: Mapping[str, Any] = (
            states["teacher"]["average"] if "teacher" in states else states["network"]
        )
        return weights


def parts_of(network: Segmenter, stage: Stage, options: AdaptationOptions) -> Parts:
    """The parts of a stage. Raises `ShapeError` for images too small for a discriminator."""
    memory = FeatureMemory(
        network.channels, options.rules.split, options.memory, device=network.device
    )
    optimizer = _optimizer(network, options)
    stateful: dict[str, Any] = {"network": network, "optimizer": optimizer, "memory": memory}
    if stage.is_online:
        return _online(network, stage, options, stateful)
    discriminator, its_optimizer = None, None
    if stage.weights.adversarial > 0:
        discriminator, its_optimizer = _discriminating(network, stage, options)
        stateful |= {"discriminator": discriminator, "discriminator_optimizer": its_optimizer}
    stepping = Stepping(network, optimizer, memory, options.rules, discriminator, its_optimizer)

    def advance(source: Batch, target: Batch | None, weights: LossWeights, step: int) -> Figures:
        del step
        return stepping.step(source, target, weights)

    return Parts(network, stateful, advance, lambda: None, options.discriminator_rate)


def _online(
    network: Segmenter, stage: Stage, options: AdaptationOptions, stateful: dict[str, Any]
) -> Parts:
    """The average of the network is what remains in the end."""
    stepping = OnlineStepping(
        network, stateful["optimizer"], stateful["memory"], options.rules, options.online
    )
    teacher = stepping.teacher

    def advance(source: Batch, target: Batch | None, weights: LossWeights, step: int) -> Figures:
        assert target is not None, "an online stage looks at the target"
        draw = np.random.default_rng((stage.seed, _DRAWN_IN_STEP, step))
        return stepping.step(source, target, weights, draw)

    def settle() -> None:
        network.load_state_dict(teacher.state_dict()["average"])

    return Parts(network, {**stateful, "teacher": teacher}, advance, settle, 0.0, teacher.applied)


def _discriminating(
    network: Segmenter, stage: Stage, options: AdaptationOptions
) -> tuple[Discriminator, Any]:
    width, height = options.size
    require_side(network.judged_size((height, width)))
    with torch.random.fork_rng():
        torch.manual_seed(stage.seed)
        discriminator = Discriminator(options.discriminator_width).to(network.device)
    rate = options.discriminator_rate
    return discriminator, torch.optim.Adam(discriminator.parameters(), rate, betas=_BETAS)


def _optimizer(network: Segmenter, options: AdaptationOptions) -> Any:
    """The optimizer of all weights that are trained; those of the head may be faster."""
    head = {id(value) for value in network.head_parameters()}
    trained = [value for value in network.parameters() if value.requires_grad]
    groups = [
        {"params": [value for value in trained if id(value) not in head], "factor": 1.0},
        {
            "params": [value for value in trained if id(value) in head],
            "factor": options.head_factor,
        },
    ]
    if options.optimizer == "sgd":
        return torch.optim.SGD(groups, options.rate, momentum=_MOMENTUM, weight_decay=options.decay)
    return torch.optim.AdamW(groups, options.rate, weight_decay=options.decay)
