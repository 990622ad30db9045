"""Stage 2: `search_groups`, particles that move towards the best of their group and of their own.

A group has one bundle and never leaves it. In each iteration every particle is trained for a
little longer than in the one before, from its own last weights where shapes agree; then all but the
best of the group move (`position`). One in five looks next to the best instead, which is ours, and
one that comes to where its group has been is mutated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.bottom_up.candidates import Candidate, Trial
from dlscope.methods.codesign.bottom_up.fitness import Fitness
from dlscope.methods.codesign.bottom_up.position import Position, SwarmSpace
from dlscope.zoo.bundles.layout import StackedLayout

Evaluate: TypeAlias = Callable[[Trial, str], Candidate]
Build: TypeAlias = Callable[[Position], StackedLayout]
STAGE = "swarm"
_MOST_TRIES = 50
_SCOUTS = 0.2


@final
@dataclass(frozen=True)
class SwarmOptions:
    """Particles of a group, iterations, epochs of the first one, and the seed.

    Raises `PlanError` where nothing would be searched.
    """

    particles: int = 8
    iterations: int = 5
    epochs: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.particles, self.iterations, self.epochs) < 1:
            raise PlanError(
                f"the search space is empty: {self.particles} particles, {self.iterations} "
                f"iterations, {self.epochs} epochs",
                where="bottom-up search, swarm",
                fix="allow at least one of each",
            )

    def epochs_at(self, iteration: int) -> int:
        """How long a particle is trained in an iteration, from 0."""
        return self.epochs * (1 + iteration)


@final
@dataclass(frozen=True)
class Group:
    """A bundle's particles: how a position becomes a network, and the one that it begins at."""

    name: str
    build: Build
    first: Position | None = None


@final
@dataclass(frozen=True)
class Visit:
    """A particle at a place, what it was found to be, and its fitness."""

    iteration: int
    group: str
    particle: int
    position: Position
    candidate: Candidate
    fitness: float


@final
@dataclass(frozen=True)
class Swarm:
    """Everything that was visited; `bests` the best so far of each group in each iteration."""

    visits: tuple[Visit, ...]
    bests: tuple[tuple[int, Visit], ...]

    @property
    def best(self) -> Visit:
        """The best of all; of equal ones the first."""
        return max(self.visits, key=lambda visit: visit.fitness)


def search_groups(
    groups: Sequence[Group],
    space: SwarmSpace,
    evaluate: Evaluate,
    fitness: Fitness,
    options: SwarmOptions,
) -> Swarm:
    """Move all groups for all iterations. The same seed gives the same places.

    Raises `PlanError` for no group.
    """
    if not groups:
        raise PlanError(
            "the search space is empty: no bundle goes on",
            where="bottom-up search, swarm",
            fix="name at least one bundle",
        )
    flocks = [_Flock(number, group, space, options) for number, group in enumerate(groups)]
    visits: list[Visit] = []
    bests: list[tuple[int, Visit]] = []
    for iteration in range(options.iterations):
        for flock in flocks:
            visits += flock.judge(iteration, evaluate, fitness)
            bests.append((iteration, flock.best))
            if iteration + 1 < options.iterations:
                flock.move(iteration)
    return Swarm(tuple(visits), tuple(bests))


@final
class _Flock:
    """The particles of one group and what they remember."""

    def __init__(self, number: int, group: Group, space: SwarmSpace, options: SwarmOptions) -> None:
        self._number, self._group, self._space, self._options = number, group, space, options
        self._been: set[Position] = set()
        chooser = self._chooser(-1)
        around = None if group.first is None else group.first.widths
        first = [] if group.first is None else [group.first]
        drawn = [space.drawn(chooser, around) for _ in range(options.particles - len(first))]
        self._places = self._apart([*first, *drawn], 0 if first else None, chooser)
        self._starts: list[str | None] = [None] * options.particles
        self._own: list[Visit | None] = [None] * options.particles
        self._best: Visit | None = None

    @property
    def best(self) -> Visit:
        """The best that the group has seen; there is one once it was judged."""
        assert self._best is not None
        return self._best

    def judge(self, iteration: int, evaluate: Evaluate, fitness: Fitness) -> list[Visit]:
        """Train and judge every particle where it is."""
        visits = []
        self._been.update(self._places)
        for particle, place in enumerate(self._places):
            network = self._group.build(place)
            epochs = self._options.epochs_at(iteration)
            candidate = evaluate(Trial(network, epochs, self._starts[particle]), STAGE)
            value = fitness.of(candidate.accuracy, candidate.latencies_ms)
            visit = Visit(iteration, self._group.name, particle, place, candidate, value)
            self._starts[particle] = candidate.trial.key
            own = self._own[particle]
            self._own[particle] = visit if own is None or value > own.fitness else own
            self._best = visit if self._best is None or value > self._best.fitness else self._best
            visits.append(visit)
        return visits

    def move(self, iteration: int) -> None:
        """Move all particles; the place of the best stays taken."""
        chooser, best = self._chooser(iteration), self.best
        kept = best.particle
        moved = [
            best.position if particle == kept else self._moved(place, own, chooser)
            for particle, (place, own) in enumerate(zip(self._places, self._own, strict=True))
            if own is not None
        ]
        self._places = self._apart(moved, kept, chooser)

    def _moved(self, place: Position, own: Visit, chooser: np.random.Generator) -> Position:
        best = self.best.position
        if chooser.uniform() < _SCOUTS:
            return self._space.mutated(best, chooser)
        return self._space.moved(place, own.position, best, chooser)

    def _apart(
        self, places: Sequence[Position], kept: int | None, chooser: np.random.Generator
    ) -> list[Position]:
        """The same places, those mutated where a particle is or has been; `kept` stays."""
        taken = self._been if kept is None else self._been | {places[kept]}
        found: list[Position] = []
        for particle, place in enumerate(places):
            tries, free = 0, place
            while particle != kept and free in taken and tries < _MOST_TRIES:
                free, tries = self._space.mutated(free, chooser), tries + 1
            taken = taken | {free}
            found.append(free)
        return found

    def _chooser(self, iteration: int) -> np.random.Generator:
        return np.random.default_rng((self._options.seed, self._number, iteration + 1))
