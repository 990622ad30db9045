"""`Architecture`: the variables θ, φ and pf of a space, tied as the space says; `Sample`.

N blocks, M operations of a block, Q precisions. θ [N, M] and φ [N, M, Q] are logits, pf [N, M, Q]
logarithms of lanes to base 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor, nn

from dlscope.core.manifest.space import LaneScope
from dlscope.devices.base import Floats
from dlscope.methods.codesign.relaxed.gumbel import Mode, gumbel_softmax
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design, DesignSpace

_SAMPLING_TEMPERATURE = 3.0


@final
class Sample(NamedTuple):
    """Weights of operations [N, M] and of precisions [N, M, Q]; each row sums to 1."""

    operations: Tensor
    precisions: Tensor


@final
class Architecture(nn.Module):
    """The variables of a space; all start alike, and whatever is random comes from `seed`.

    `lane_scope` says what shares a pf: `op` gives one to each operation of each block at each
    precision, `block` one to each block, `op_type` one to each operation wherever it stands, at
    each precision.
    """

    def __init__(
        self,
        space: DesignSpace,
        *,
        seed: int = 0,
        lanes_log2: float = 0.0,
        lane_scope: LaneScope = "op",
    ) -> None:
        super().__init__()
        self.space = space
        self.generator = torch.Generator().manual_seed(seed)
        counts = [len(block.operations) for block in space.blocks]
        blocks, most, bits = len(counts), max(counts), len(space.precisions)
        shapes = {"op": (blocks, most, bits), "block": (blocks, 1, bits), "network": (1, 1, bits)}
        self.theta = nn.Parameter(torch.zeros(blocks, most, dtype=torch.float64))
        self.phi = nn.Parameter(torch.zeros(shapes[space.precision_scope], dtype=torch.float64))
        tied = _tied(space, most, lane_scope)
        self.pf = nn.Parameter(torch.full((tied.max() + 1,), lanes_log2, dtype=torch.float64))
        self.register_buffer("_tied", torch.as_tensor(tied), persistent=False)
        is_missing = torch.arange(most)[None, :] >= torch.tensor(counts)[:, None]
        self.register_buffer("_is_missing", is_missing, persistent=False)

    @property
    def logits(self) -> Tensor:
        """θ with −∞ for operations that a block has not."""
        return self.theta.masked_fill(self.get_buffer("_is_missing"), -math.inf)

    @property
    def lanes_log2(self) -> Tensor:
        """Pf of every operation at every precision, [N, M, Q]."""
        return self.pf[self.get_buffer("_tied")]

    def sample(self, temperature: float, mode: Mode) -> Sample:
        """Weights of one draw; what is tied is drawn once."""
        operations = gumbel_softmax(self.logits, temperature, mode, self.generator)
        precisions = gumbel_softmax(self.phi, temperature, mode, self.generator)
        return Sample(operations, self._spread(precisions))

    def any_path(self) -> Sample:
        """One path of each block, each as likely as any other, whatever θ and φ are."""
        alike = torch.zeros_like(self.theta).masked_fill(self.get_buffer("_is_missing"), -math.inf)
        with torch.no_grad():
            operations = gumbel_softmax(alike, 1.0, "hard", self.generator)
            precisions = gumbel_softmax(torch.zeros_like(self.phi), 1.0, "hard", self.generator)
            return Sample(operations, self._spread(precisions))

    def probabilities(self) -> Sample:
        """Softmax of θ and of φ, without gradient."""
        with torch.no_grad():
            return Sample(self.logits.softmax(-1), self._spread(self.phi.softmax(-1)))

    def design(self) -> Design:
        """The most likely operation of each block, at its most likely precision."""
        operations, precisions = (each.numpy() for each in self.probabilities())
        m = operations.argmax(axis=1)
        q = precisions[np.arange(len(m)), m].argmax(axis=1)
        return Choices(m[None, :], q[None, :]).designs(self.space)[0]

    def drawn(
        self, count: int, rng: np.random.Generator, *, temperature: float = _SAMPLING_TEMPERATURE
    ) -> list[Design]:
        """Designs drawn from softmax(θ / temperature) and softmax(φ / temperature)."""
        with torch.no_grad():
            operations = (self.logits / temperature).softmax(-1)
            precisions = self._spread((self.phi / temperature).softmax(-1))
        chosen = Choices.drawn(self.space, operations.numpy(), precisions.numpy(), count, rng)
        return chosen.designs(self.space)

    def entropies(self) -> tuple[float, float]:
        """Mean entropy of the rows of θ and of φ, as shares of ln M and ln Q; 1 at the start."""
        operations, precisions = (each.numpy() for each in self.probabilities())
        counts = [len(block.operations) for block in self.space.blocks]
        return (
            _entropy([row[:count] for row, count in zip(operations, counts, strict=True)]),
            _entropy([row for block in precisions for row in block]),
        )

    def _spread(self, precisions: Tensor) -> Tensor:
        return precisions.expand(*self.theta.shape, precisions.shape[-1])


def _entropy(rows: list[Floats]) -> float:
    """Mean of −Σ p ln p / ln n over rows of more than one entry; 0 where there is none."""
    shares = [
        float(-(row * np.log(np.maximum(row, np.finfo(float).tiny))).sum() / np.log(len(row)))
        for row in rows
        if len(row) > 1
    ]
    return float(np.mean(shares)) if shares else 0.0


def _tied(space: DesignSpace, most: int, scope: LaneScope) -> np.ndarray:
    """Which pf each operation of each block has at each precision, [N, M, Q]."""
    blocks, bits = len(space.blocks), len(space.precisions)
    if scope == "op":
        return np.arange(blocks * most * bits).reshape(blocks, most, bits)
    tied = np.zeros((blocks, most, bits), dtype=np.int64)
    if scope == "block":
        return tied + np.arange(blocks)[:, None, None]
    names: dict[str, int] = {}
    for block in space.blocks:
        for m, operation in enumerate(block.operations):
            engine = names.setdefault(operation.name, len(names))
            tied[block.place, m] = engine * bits + np.arange(bits)
    return tied
