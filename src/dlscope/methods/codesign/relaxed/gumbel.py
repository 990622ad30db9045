"""Samples of categories that a gradient can pass: Gumbel-Softmax, and two ways to make it discrete.

    GS_m(θ) = exp((θ_m + g_m) / τ) / Σ_j exp((θ_j + g_j) / τ),    g = −ln(−ln u),  u ~ U(1e-20, 1)

θ logits, τ temperature; every row sums to 1.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from dlscope.core.errors import SearchError

Mode: TypeAlias = Literal["soft", "hard", "two_path"]
FIRST_TEMPERATURE, LAST_TEMPERATURE = 5.0, 0.3
_LEAST = 1e-20


def gumbel_softmax(
    logits: Tensor, temperature: float, mode: Mode, generator: torch.Generator
) -> Tensor:
    """A sample along the last axis of `logits`, where −∞ is never drawn.

    `soft`: all paths, weighted. `hard`: one path at weight 1, whose gradient is that of the soft
    one. `two_path`: two different paths, drawn as the two largest θ + g, their weights scaled to
    sum to 1. Raises `SearchError` for a temperature that is not above 0.
    """
    if not temperature > 0:
        raise SearchError(
            f"temperature is {temperature:g}", where="Gumbel samples", fix="use one above 0"
        )
    perturbed = (logits + _gumbel(logits, generator)) / temperature
    if mode == "two_path":
        count = min(2, logits.shape[-1])
        kept = perturbed.topk(count, dim=-1).indices
        outside = torch.ones_like(perturbed, dtype=torch.bool).scatter(-1, kept, value=False)
        return perturbed.masked_fill(outside, -math.inf).softmax(dim=-1)
    soft = perturbed.softmax(dim=-1)
    if mode == "soft":
        return soft
    chosen = soft.argmax(dim=-1, keepdim=True)
    one_hot = torch.zeros_like(soft).scatter(-1, chosen, 1.0)
    return one_hot + (soft - soft.detach())


def temperature_at(epoch: float, *, decay: float = 0.956) -> float:
    """The temperature after so many epochs: max(0.3, 5 · decay^epoch).

    0.956 for each epoch is what FBNet uses.
    """
    return max(LAST_TEMPERATURE, FIRST_TEMPERATURE * float(decay**epoch))


def _gumbel(logits: Tensor, generator: torch.Generator) -> Tensor:
    uniform = torch.rand(logits.shape, generator=generator, dtype=logits.dtype)
    return -torch.log(-torch.log(uniform.clamp(_LEAST, 1 - torch.finfo(logits.dtype).eps)))
