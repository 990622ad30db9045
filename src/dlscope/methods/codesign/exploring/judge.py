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
Combine: TypeAlias = Callable[[Floats, Floats], Floats]
_NS_PER_MS = 1e6
_MOST_IN_VAIN = 300


@final
@dataclass(frozen=True)
class Judged:
    """A design, its loss, its time per result, and the value of both together; least is best."""

    design: Design
    loss: float
    time_ns: float
    value: float


def product(losses: Floats, times_ns: Floats) -> Floats:
    """Loss times ms: equation (1) of EDD for designs that are within the budget."""
    return np.asarray(losses * times_ns / _NS_PER_MS)


@final
class Judge:
    """Judges designs of `space` by the loss that `estimate` tells and the time of `times_of`.

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
    ) -> None:
        if most < 1:
            raise SearchError(
                f"{most} evaluations find nothing",
                where=f"search in space {space.name}",
                fix="allow at least one",
            )
        self.space, self.times_of, self.combine, self.most = space, times_of, combine, most
        self.estimate = estimate
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

    def judged(self, designs: Iterable[Design]) -> list[Judged]:
        """What these designs are worth, as many of the first as evaluations allow."""
        wanted = list(designs)
        new = [each for each in dict.fromkeys(wanted) if each not in self._known]
        self._in_vain = 0 if new else self._in_vain + len(wanted)
        if new:
            for design, time_ns in zip(new, self.times_of(Choices.of(new)).tolist(), strict=True):
                self._look(design, time_ns)
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

    def _look(self, design: Design, time_ns: float) -> None:
        if not np.isfinite(time_ns):
            self._known[design] = Judged(design, np.inf, time_ns, np.inf)
        elif self._spent < self.most:
            self._spent += 1
            loss = self.estimate.loss(design)
            value = float(self.combine(np.array(loss), np.array(time_ns)))
            self._known[design] = Judged(design, loss, time_ns, value)
