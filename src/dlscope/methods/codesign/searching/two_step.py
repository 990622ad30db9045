"""`second_step`: bits for networks that were chosen for their accuracy alone.

The baseline that co-design is held against: the network first, its implementation afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlscope.methods.codesign.estimate import LossEstimate
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.exploration import energies
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def second_step(
    judged: Sequence[Judged],
    implementer: Implementer,
    estimate: LossEstimate,
    aims: Aims,
    count: int,
) -> list[Judged]:
    """The first `count` different networks of `judged`, each at the bits that are best with time.

    Bits are chosen block by block, over and over, until no change helps.
    """
    seeing = replace(aims, is_blind=False)
    networks = {each.design.operations: each for each in reversed(judged)}
    firsts = sorted(networks.values(), key=judged.index)[:count]
    scale = min(each.cost for each in firsts)
    found = []
    for first in firsts:
        best = _judged(first.design, implementer, estimate, seeing, scale)
        while True:
            others = [
                _judged(design, implementer, estimate, seeing, scale)
                for design in _other_bits(implementer.space, best.design)
            ]
            better = min(others, key=lambda each: each.value, default=best)
            if not better.value < best.value:
                break
            best = better
        found.append(best)
    return found


def _judged(
    design: Design, implementer: Implementer, estimate: LossEstimate, aims: Aims, scale: float
) -> Judged:
    loss, time_ns = estimate.loss(design), implementer.time_ns(design)
    energies_of = energies(implementer, aims)
    energy_j = None if energies_of is None else float(energies_of(Choices.of([design]))[0])
    known = None if energy_j is None else np.array(energy_j)
    value = float(aims.values(np.array(loss), np.array(time_ns), scale, known))
    return Judged(design, loss, time_ns, value, energy_j)


def _other_bits(space: Space, design: Design) -> Iterator[Design]:
    """The same network, one block, or with one precision for all the whole of it, at other bits."""
    has_one = space.precision_scope == "network"
    for place in range(1 if has_one else len(space.blocks)):
        for q in range(len(space.precisions)):
            bits = list(design.precisions)
            bits[place] = q
            chosen = tuple([q] * len(bits) if has_one else bits)
            if chosen != design.precisions:
                yield Design(design.space_digest, design.operations, chosen)
