"""`Objective`: equation (1) of EDD, and other ways to put loss and time together.

    product    L_acc · α t                       EDD
    log        ln L_acc + ln(α t)                the same optimum, better conditioned
    sum        L_acc + λ · α t                   ProxylessNAS
    exponent   L_acc · (α t)^w                   MnasNet
    penalty    + β · Σ_r C^{κ (RES_r / RES_ub − 1)}, C = e
    target     + μ · max(0, t / T − 1)

t time per result, or its energy where that is minimised, but not of a target; α such that α t is 1
at first; exponents of the penalty are at most 20.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import torch
from torch import Tensor

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.relaxed.expected import Expected

Combination: TypeAlias = Literal["product", "log", "sum", "exponent"]
_LARGEST_EXPONENT = 20.0
_FIRST_HINGE, HINGE_GROWTH = 1.0, 1.05


@final
@dataclass(frozen=True)
class Objective:
    """What a search makes as small as it can.

    `weight` is λ of a sum and w of an exponent. `target_ns` is T, `hinge` μ. With
    `has_penalty`, all of a resource that is used counts; without, only what exceeds the budget.
    """

    combination: Combination = "product"
    weight: float = 1.0
    scale: float = 1.0
    penalty: float = 0.1
    steepness: float = 10.0
    has_penalty: bool = True
    target_ns: float | None = None
    hinge: float = _FIRST_HINGE

    def scaled_to(self, cost: float) -> Objective:
        """The same with α = 1 / `cost`, a time in ns or an energy in J.

        Raises `SearchError` for one that is not above 0.
        """
        if not 0 < cost < float("inf"):
            raise SearchError(
                f"a time of {cost:g} ns is no scale",
                where="objective",
                fix="use a device that tells a time above 0",
            )
        return replace(self, scale=cost)

    def after_epoch(self, discrete_ns: float) -> Objective:
        """The same, with μ larger by a twentieth while the discrete design misses the target."""
        if self.target_ns is None or discrete_ns <= self.target_ns:
            return self
        return replace(self, hinge=self.hinge * HINGE_GROWTH)

    def __call__(self, accuracy_loss: Tensor, expected: Expected) -> Tensor:
        """The objective of a loss and of what is expected of time and resources."""
        value = self._combined(accuracy_loss, expected.cost / self.scale)
        value = value + self._penalty(expected.usage)
        if self.target_ns is not None:
            value = value + self.hinge * torch.relu(expected.time_ns / self.target_ns - 1)
        return value

    def _combined(self, loss: Tensor, time: Tensor) -> Tensor:
        match self.combination:
            case "product":
                return loss * time
            case "log":
                return loss.log() + time.log()
            case "sum":
                return loss + self.weight * time
            case "exponent":
                return loss * time**self.weight

    def _penalty(self, usage: Tensor) -> Tensor:
        over = self.steepness * (usage - 1)
        if self.has_penalty:
            return self.penalty * over.clamp(max=_LARGEST_EXPONENT).exp().sum()
        return self.penalty * (over.clamp(0.0, _LARGEST_EXPONENT).exp() - 1).sum()
