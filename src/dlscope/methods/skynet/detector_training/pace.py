"""`Pace`: which point of its course a training has come to at each step.

A course is planned for so many steps. Where it is found on the way that they take longer or
shorter than was thought, the rest of the course is walked in fewer or more of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final


@final
@dataclass(frozen=True)
class Pace:
    """A course of the length `planned`, in steps.

    A bend (step, last) says that from `step` on the rest of the course takes until `last`.
    """

    planned: int
    bends: tuple[tuple[int, int], ...] = ()

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return self.bends[-1][1] if self.bends else self.planned

    def position(self, step: int) -> float:
        """The point of the course that `step` is at, 0…`planned`; `step` itself before any bend.

        >>> pace = Pace(100, ((50, 60),))
        >>> pace.position(40), pace.position(50), pace.position(55), pace.position(60)
        (40, 50, 75.0, 100.0)
        """
        begun, begun_at, last = 0, 0.0, self.planned
        is_bent = False
        for bend, until in self.bends:
            if step <= bend:
                break
            begun_at = _between(begun, begun_at, last, self.planned, bend)
            begun, last, is_bent = bend, until, True
        return _between(begun, begun_at, last, self.planned, step) if is_bent else step

    def bent(self, step: int, last: int) -> Self:
        """The same up to `step`, and the rest until `last`, which is behind it."""
        if last == self.steps:
            return self
        return type(self)(self.planned, (*self.bends, (step, last)))


def _between(begun: int, begun_at: float, last: int, planned: int, step: int) -> float:
    return begun_at + (planned - begun_at) * (step - begun) / (last - begun)
