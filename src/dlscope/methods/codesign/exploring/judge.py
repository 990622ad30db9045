"""`Judge`: says what designs are worth, and counts how many different ones it has looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Floats
from dlscope.methods.codesign.estimate import LossEstimate
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design, DesignSpace

Times: TypeAlias = Callable[[Choices], Floats]
Energies: TypeAlias = Callable[[Choices], Floats]
Combine: TypeAlias = Callable[..., Floats]
"""Of losses, times and, where there are some, energies."""
_NS_PER_MS = 1e6
_MOST_IN_VAIN = 300


@final
@dataclass(frozen=True)
class Judged:
    """A design, its loss, its time per result, and the value of both together; least is best.

    `energy_j` is that of a result where it is minimised in place of the time.
    """

    design: Design
    loss: float
    time_ns: float
    value: float
    energy_j: float | None = None

    @property
    def cost(self) -> float:
        """What is minimised with the loss: the energy where there is one, else the time."""
        return self.time_ns if self.energy_j is None else self.energy_j


def product(losses: Floats, times_ns: Floats) -> Floats:
    """Loss times ms: equation (1) of EDD for designs that are within the budget."""
    return np.asarray(losses * times_ns / _NS_PER_MS)


@final
class Judge:
    """Judges designs of `space` by the loss that `estimate` tells and the time of `times_of`.

    With `energies_of` their energy is minimised in place of the time, which must still be finite.
    Looking at a design costs an evaluation, of which there are `most`; looking again is free, and
    so is one that does not fit, whose value is infinite: that takes arithmetic alone.
    """

    def __init__(
        self,
        space: DesignSpace,
        estimate: LossEstimate,
        times_of: Times,
        *,
        most: int,
        combine: Combine = product,
        energies_of: Energies | None = None,
    ) -> None:
        if most < 1:
            raise SearchError(
                f"{most} evaluations find nothing",
                where=f"search in space {space.name}",
                fix="allow at least one",
            )
        self.space, self.times_of, self.combine, self.most = space, times_of, combine, most
        self.estimate, self._energies_of = estimate, energies_of
        self._known: dict[Design, Judged] = {}
        self._spent, self._in_vain = 0, 0

    @property
    def evaluations(self) -> int:
        """How many have been spent."""
        return self._spent

    @property
    def left(self) -> int:
        """How many evaluations are left; none where nothing new has been asked for too long."""
        return 0 if self._in_vain > _MOST_IN_VAIN else self.most - self._spent

    def spend(self, evaluations: int) -> None:
        """Count evaluations that were made elsewhere, such as steps of a gradient."""
        self._spent += evaluations

    def knows(self, design: Design) -> bool:
        """Whether it has looked at `design`."""
        return design in self._known

    def values(self, losses: Floats, choices: Choices) -> Floats:
        """What designs would be worth, had they these losses, [B]; nobody looks at them."""
        times = self.times_of(choices)
        if self._energies_of is None:
            return self.combine(losses, times)
        return self.combine(losses, times, self._energies_of(choices))

    def costs(self, choices: Choices) -> Floats:
        """What is minimised with the loss, [B]; infinite for what does not fit."""
        times = self.times_of(choices)
        if self._energies_of is None:
            return times
        return np.where(np.isfinite(times), self._energies_of(choices), np.inf)

    def judged(self, designs: Iterable[Design]) -> list[Judged]:
        """What these designs are worth, as many of the first as evaluations allow."""
        wanted = list(designs)
        new = [each for each in dict.fromkeys(wanted) if each not in self._known]
        self._in_vain = 0 if new else self._in_vain + len(wanted)
        if new:
            choices = Choices.of(new)
            times = self.times_of(choices).tolist()
            energies = [None] * len(new)
            if self._energies_of is not None:
                energies = self._energies_of(choices).tolist()
            for design, time_ns, energy_j in zip(new, times, energies, strict=True):
                self._look(design, time_ns, energy_j)
        return [self._known[each] for each in wanted if each in self._known]

    @property
    def looked_at(self) -> list[Judged]:
        """All designs that were looked at, in that order."""
        return list(self._known.values())

    @property
    def best(self) -> Judged:
        """The best of them. Raises `SearchError` where none fits."""
        found = min(self._known.values(), key=lambda each: each.value, default=None)
        if found is None or not np.isfinite(found.value):
            raise SearchError(
                f"infeasible: none of {len(self._known)} designs fits",
                where=f"search in space {self.space.name}",
                fix="use a larger board, fewer bits or smaller operations",
            )
        return found

    def _look(self, design: Design, time_ns: float, energy_j: float | None) -> None:
        if not np.isfinite(time_ns):
            self._known[design] = Judged(design, np.inf, time_ns, np.inf, energy_j)
        elif self._spent < self.most:
            self._spent += 1
            loss = self.estimate.loss(design)
            costs = [time_ns] if energy_j is None else [time_ns, energy_j]
            value = float(self.combine(np.array(loss), *map(np.array, costs)))
            self._known[design] = Judged(design, loss, time_ns, value, energy_j)
