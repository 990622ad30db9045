"""`Expected`: what a sample of designs is expected to cost; and the joint weights of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlscope.methods.codesign.relaxed.architecture import Sample


@final
@dataclass(frozen=True)
class Expected:
    """Time per result in ns, and the share of each limited resource that is used, [R].

    `energy_j` is that of a result where it is minimised in place of the time.
    """

    time_ns: Tensor
    usage: Tensor
    energy_j: Tensor | None = None

    @property
    def cost(self) -> Tensor:
        """What is minimised with the loss."""
        return self.time_ns if self.energy_j is None else self.energy_j


def joint(sample: Sample) -> Tensor:
    """The weight of every operation at every precision, [N + 1, M, Q]: GS(θ) · GS(φ).

    The last row is stem and head: they are always there, at the precision of the first block where
    all have the same, and cost the same at any where they do not.
    """
    blocks = sample.operations[..., None] * sample.precisions
    ends = torch.zeros_like(blocks[:1])
    ends[0, 0] = sample.precisions[0, 0]
    return torch.cat([blocks, ends])


def smooth_maximum(values: Tensor, softness: float) -> Tensor:
    """T · ln Σ_i exp(v_i / T) with T = softness · max v, taken for a constant: equation (3)."""
    scale = softness * values.detach().max().clamp(min=torch.finfo(values.dtype).tiny)
    return scale * torch.logsumexp(values / scale, dim=0)


def constant(array: NDArray[np.generic]) -> Tensor:
    """An array as double-precision numbers without gradient."""
    return torch.as_tensor(np.ascontiguousarray(array, dtype=np.float64))
