"""Choices of many designs as arrays: operations and precisions, [B, N] each, and their mutations.

B designs, N blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.codesign.space.design import Design, DesignSpace

Integers: TypeAlias = NDArray[np.int64]


@final
class Choices(NamedTuple):
    """Indices of the operation and of the precision of each block, [B, N]."""

    operations: Integers
    precisions: Integers

    @classmethod
    def of(cls, designs: Sequence[Design]) -> Self:
        """Those of `designs`, of which there is at least one."""
        operations = np.array([each.operations for each in designs], dtype=np.int64)
        return cls(operations, np.array([each.precisions for each in designs], dtype=np.int64))

    @classmethod
    def drawn(
        cls,
        space: DesignSpace,
        operation_shares: NDArray[np.float64],
        precision_shares: NDArray[np.float64],
        count: int,
        rng: np.random.Generator,
    ) -> Self:
        """Designs drawn block by block with these probabilities, [N, M] and [N, M, Q].

        With one precision for the network it is drawn by what the first block has.
        """
        blocks = np.arange(len(operation_shares))
        m = _picked(operation_shares, rng.random((count, len(blocks))))
        q = _picked(precision_shares[blocks, m], rng.random((count, len(blocks))))
        if space.precision_scope == "network":
            q[:] = q[:, :1]
        return cls(m, q)

    def designs(self, space: DesignSpace) -> list[Design]:
        """The same as designs of `space`."""
        rows = zip(self.operations.tolist(), self.precisions.tolist(), strict=True)
        return [Design(space.digest, tuple(m), tuple(q)) for m, q in rows]

    def at(self, rows: Integers) -> Choices:
        """Those of these rows."""
        return Choices(self.operations[rows], self.precisions[rows])

    def and_(self, other: Choices) -> Choices:
        """These, and others after them."""
        return Choices(*(np.concatenate(each) for each in zip(self, other, strict=True)))

    def mutated(self, space: DesignSpace, rng: np.random.Generator, blocks: Integers) -> Choices:
        """Neighbours: in so many blocks of each, the operation or the precision is another.

        Where both could be, either is as likely. With one precision for the network, it changes
        in all blocks. A block that can be nothing else stays.
        """
        counts = np.array([len(block.operations) for block in space.blocks])
        bits = len(space.precisions)
        order = rng.random(self.operations.shape)
        order[:, (counts == 1) & (bits == 1)] = np.inf
        rank = order.argsort(axis=1).argsort(axis=1)
        is_chosen = (rank < blocks[:, None]) & np.isfinite(order)
        is_operation = (rng.random(order.shape) < 1 / 2) | (bits == 1)
        changes_operation = is_chosen & is_operation & (counts > 1)
        changes_bits = is_chosen & ~changes_operation & (bits > 1)
        step = 1 + np.floor(rng.random(order.shape) * (counts - 1)).astype(np.int64)
        m = np.where(changes_operation, (self.operations + step) % counts, self.operations)
        if space.precision_scope == "network":
            changes_bits = np.broadcast_to(changes_bits.any(axis=1, keepdims=True), order.shape)
        step = 1 + np.floor(rng.random(order.shape) * (bits - 1)).astype(np.int64)
        if space.precision_scope == "network":
            step[:] = step[:, :1]
        return Choices(m, np.where(changes_bits, (self.precisions + step) % bits, self.precisions))


def _picked(shares: NDArray[np.float64], levels: NDArray[np.float64]) -> Integers:
    """Index along the last axis of `shares` at each level of their running sum, [B, N]."""
    running = np.cumsum(shares, axis=-1)
    reached = (running < levels[..., None] * running[..., -1:]).sum(axis=-1)
    return np.asarray(np.minimum(reached, shares.shape[-1] - 1), dtype=np.int64)
