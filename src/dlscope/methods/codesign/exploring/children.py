"""`children`: designs that differ a little from good ones, as arrays, thousands at once."""

from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import DesignSpace

_MIXED = 0.25


def children(space: DesignSpace, parents: Choices, rng: np.random.Generator, count: int) -> Choices:
    """`count` designs that differ from one of `parents`, or from a mixture of two, in few blocks.

    Half of them in one, a quarter in two, and so on.
    """
    drawn = (parents.at(rng.integers(len(parents.operations), size=count)) for _ in range(2))
    one, other = drawn
    is_mixed = (rng.random(count) < _MIXED)[:, None] & (space.precision_scope != "network")
    mixed = _crossed(one, other, rng)
    chosen = Choices(*(np.where(is_mixed, *pair) for pair in zip(mixed, one, strict=True)))
    blocks = np.minimum(rng.geometric(1 / 2, size=count), len(space.blocks))
    return chosen.mutated(space, rng, blocks)


def _crossed(parents: Choices, mates: Choices, rng: np.random.Generator) -> Choices:
    """Designs that have each block of either of two parents."""
    takes = rng.random(parents.operations.shape) < 1 / 2
    return Choices(*(np.where(takes, *pair) for pair in zip(parents, mates, strict=True)))
