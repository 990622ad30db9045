"""`two_step`: first the network, then how it is implemented; `impl_only`: a network by hand.

What co-design is to do better than.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np

from dlscope.core.manifest.space import Scope
from dlscope.devices.base import Floats
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.baselines.evolution import evolution
from dlscope.methods.codesign.exploring.judge import Judge, Judged
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design, DesignSpace
from dlscope.methods.codesign.space.space import Block

_USUAL_KERNEL, _USUAL_BITS = 3, 8
_MOST_BLOCKS = 2


def two_step(judge: Judge, rng: np.random.Generator) -> Judged:
    """The operations with the least loss at the widest bits, then the bits of the best value.

    Half of the evaluations go into the first step, an evolution that does not ask what a design
    takes. The second tries all bits where that many are left; else it changes those of one or two
    blocks and keeps what is not worse. Raises `SearchError` where nothing that it looked at fits.
    """
    widest = _Widest(judge)
    blind = Judge(
        widest.space, widest, widest.times_of, most=max(judge.left // 2, 1), combine=_loss_alone
    )
    operations = evolution(blind, rng).design.operations
    judge.spend(blind.evaluations)
    if _ways(judge.space) <= judge.left:
        found = judge.judged(_all_bits(judge.space, operations))
        return min(found, key=lambda each: each.value)
    return _bits_by_chance(judge, widest.design(operations), rng)


def impl_only(judge: Judge) -> Judged:
    """A network as one would take it by hand, at 8 bits, with its best implementation.

    Every block has the widest operation with a kernel of 3, or its first where none has.
    """
    space = judge.space
    bits = _bits_near(space, _USUAL_BITS)
    operations = tuple(_usual(block) for block in space.blocks)
    judge.judged([Design(space.digest, operations, (bits,) * len(operations))])
    return judge.best


@final
@dataclass(frozen=True)
class _OnePrecision:
    """A space whose only precision is that of another which is widest."""

    name: str
    digest: str
    blocks: Sequence[Block]
    precisions: Sequence[Precision]
    precision_scope: Scope = "network"


@final
class _Widest:
    """Designs of operations alone, judged as if they had the widest bits."""

    def __init__(self, judge: Judge) -> None:
        space = judge.space
        self._judge = judge
        self._bits = _widest(space)
        only = (space.precisions[self._bits],)
        self.space = _OnePrecision(space.name, space.digest, space.blocks, only)

    def design(self, operations: tuple[int, ...]) -> Design:
        """The design of the whole space."""
        return Design(self._judge.space.digest, operations, (self._bits,) * len(operations))

    def loss(self, design: Design) -> float:
        """The loss at the widest bits."""
        return self._judge.estimate.loss(self.design(design.operations))

    def times_of(self, choices: Choices) -> Floats:
        """The times at the widest bits."""
        bits = np.full_like(choices.precisions, self._bits)
        return self._judge.times_of(Choices(choices.operations, bits))


def _loss_alone(losses: Floats, times_ns: Floats) -> Floats:
    del times_ns
    return losses


def _ways(space: DesignSpace) -> int:
    choices = 1 if space.precision_scope == "network" else len(space.blocks)
    return int(len(space.precisions) ** choices)


def _all_bits(space: DesignSpace, operations: tuple[int, ...]) -> list[Design]:
    bits = range(len(space.precisions))
    blocks = len(operations)
    if space.precision_scope == "network":
        return [Design(space.digest, operations, (q,) * blocks) for q in bits]
    return [Design(space.digest, operations, each) for each in product(bits, repeat=blocks)]


def _bits_by_chance(judge: Judge, start: Design, rng: np.random.Generator) -> Judged:
    judge.judged([start])
    current = judge.best
    bits = len(judge.space.precisions)
    while judge.left:
        precisions = np.array(current.design.precisions)
        places = rng.choice(len(precisions), size=1 + rng.integers(_MOST_BLOCKS), replace=False)
        precisions[places] = rng.integers(bits, size=len(places))
        changed = Design(start.space_digest, start.operations, tuple(precisions.tolist()))
        for found in judge.judged([changed]):
            current = found if found.value <= current.value else current
    return current


def _widest(space: DesignSpace) -> int:
    lanes = [each.lane_bits for each in space.precisions]
    return lanes.index(max(lanes))


def _bits_near(space: DesignSpace, bits: int) -> int:
    distances = [abs(each.lane_bits - bits) for each in space.precisions]
    return distances.index(min(distances))


def _usual(block: Block) -> int:
    """The index of the widest operation with the usual kernel."""
    widths = [each.expansion if each.kernel == _USUAL_KERNEL else 0 for each in block.operations]
    return widths.index(max(widths))
