"""`explored`: designs told apart by the supernet; `fastest`, the least time that there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from dlscope.methods.codesign.estimate import LossEstimate
from dlscope.methods.codesign.exploring.judge import Energies, Judge, Judged
from dlscope.methods.codesign.exploring.repair import repair
from dlscope.methods.codesign.exploring.spanning import span
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.energy import SpaceEnergy
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

_STARTS_SHARE, _FRONT_SHARE = 1 / 6, 1 / 2
_ENUMERABLE, _RESTARTS = 50_000, 8


def explored(
    implementer: Implementer,
    estimate: LossEstimate,
    starts: Sequence[Design],
    aims: Aims,
    *,
    evaluations: int,
    seed: int,
) -> list[Judged]:
    """Designs that were looked at, all within the aims, the best first.

    The search for better ones begins at `starts`, on which a sixth of the evaluations is spent at
    most; half of them go along the front of loss and time, which a single number would leave aside.
    """
    space, rng = implementer.space, np.random.default_rng((seed, 2))
    quickest = fastest(implementer, seed=seed)
    energies_of = energies(implementer, aims)
    weighed = implementer.times_of if energies_of is None else energies_of
    scale = float(weighed(Choices.of([quickest]))[0])
    judge = Judge(
        space,
        estimate,
        implementer.times_of,
        most=evaluations,
        combine=lambda losses, times, energies_j=None: aims.values(
            losses, times, scale, energies_j
        ),
        energies_of=energies_of,
    )
    judge.judged([quickest, *starts[: max(int(_STARTS_SHARE * evaluations), 1)]])
    span(judge, rng, most=int(_FRONT_SHARE * evaluations), meets=aims.meets)
    repair(judge, [], rng)
    allowed = [each for each in judge.looked_at if math.isfinite(each.value)]
    return sorted(allowed, key=lambda each: (each.value, each.design))


def energies(implementer: Implementer, aims: Aims) -> Energies | None:
    """Tells the energy of designs where it is minimised, on a device that knows it."""
    if aims.minimised == "time":
        return None
    known = SpaceEnergy.of(implementer.space, implementer.device)
    return None if known is None else known.of_choices


def fastest(implementer: Implementer, *, seed: int = 0) -> Design:
    """The design of the least time: of all where there are few, else found block by block.

    Where nothing fits the device, some design.
    """
    space = implementer.space
    if space.size().with_precisions <= _ENUMERABLE:
        every = _enumerated(space)
        return every[int(np.argmin(implementer.times_ns(every)))]
    rng = np.random.default_rng((seed, 3))
    found = [_descended(implementer, Design.random(space, rng)) for _ in range(_RESTARTS)]
    return found[int(np.argmin(implementer.times_ns(found)))]


def _descended(implementer: Implementer, design: Design) -> Design:
    """Better and better by changing one block at a time, until no change helps."""
    space = implementer.space
    best_ns = implementer.time_ns(design)
    while True:
        around = _neighbours(space, design)
        times = implementer.times_ns(around)
        place = int(np.argmin(times))
        if not times[place] < best_ns:
            return design
        design, best_ns = around[place], float(times[place])


def _neighbours(space: Space, design: Design) -> list[Design]:
    """The designs that differ in one block."""
    count = len(space.precisions)
    found = []
    for i, block in enumerate(space.blocks):
        for m, q in itertools.product(range(len(block.operations)), range(count)):
            operations, bits = list(design.operations), list(design.precisions)
            operations[i], bits[i] = m, q
            if space.precision_scope == "network":
                bits = [q] * len(bits)
            found.append(_of(space, operations, bits))
    return list(dict.fromkeys(found))


def _enumerated(space: Space) -> list[Design]:
    counts = [range(len(block.operations)) for block in space.blocks]
    has_one = space.precision_scope == "network"
    bits = range(len(space.precisions))
    several = (
        ([q] * len(counts) for q in bits)
        if has_one
        else itertools.product(bits, repeat=len(counts))
    )
    every = list(several)
    return [_of(space, m, q) for m in itertools.product(*counts) for q in every]


def _of(space: Space, operations: Sequence[int], bits: Sequence[int]) -> Design:
    """A design; with one precision for the network, that of its first block."""
    chosen = [bits[0]] * len(bits) if space.precision_scope == "network" else bits
    return Design(space.digest, tuple(operations), tuple(chosen))
