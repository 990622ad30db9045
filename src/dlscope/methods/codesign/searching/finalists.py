"""`Finalist`: a design among the last few, trained a little by itself; `chosen_finalists`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from dlscope.core.stats import wilson_interval
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.searching.design_file import identity_of
from dlscope.methods.codesign.searching.front import spread
from dlscope.methods.codesign.searching.scoring import Score
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

Trainer = Callable[[Design, Path], "tuple[Score, Score]"]


@final
@dataclass(frozen=True)
class Finalist:
    """A design, what was expected of it, and what it gave once it had been trained.

    `chosen_by` is the score that decides; `test` is on images that decide nothing.
    """

    design: Design
    estimated_loss: float
    time_ns: float
    chosen_by: Score
    test: Score
    energy_j: float | None = None

    @property
    def cost(self) -> float:
        """What is minimised with the loss: the energy where there is one, else the time."""
        return self.time_ns if self.energy_j is None else self.energy_j

    @property
    def identity(self) -> str:
        """The short name of its design."""
        return identity_of(self.design)

    @property
    def error_interval(self) -> tuple[float, float]:
        """The 95 % interval of the share of test images that it tells wrong."""
        lo, hi = wilson_interval(self.test.n - self.test.right, self.test.n)
        return lo, hi

    def to_json(self) -> dict[str, Any]:
        """The finalist as plain data."""
        return {
            "design": self.design.to_json(),
            "estimated_loss": self.estimated_loss,
            "time_ns": self.time_ns,
            "chosen_by": vars(self.chosen_by),
            "test": vars(self.test),
            "energy_j": self.energy_j,
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """The finalist that `to_json` wrote."""
        return cls(
            Design.from_json(data["design"]),
            data["estimated_loss"],
            data["time_ns"],
            Score(**data["chosen_by"]),
            Score(**data["test"]),
            data.get("energy_j"),
        )


def different(judged: Sequence[Judged], space: Space) -> list[Judged]:
    """The first of all that are the same network: bits of a skipped block mean nothing."""
    networks: dict[object, Judged] = {}
    for each in judged:
        networks.setdefault(each.design.layers(space), each)
    return list(networks.values())


def chosen_finalists(judged: Sequence[Judged], count: int) -> list[Judged]:
    """At most `count` of `judged`, which are in order of their worth.

    The best one, what spans the front of loss and time, and where that is less, the next best.
    """
    spanning = spread([(each.loss, each.cost) for each in judged], count)
    order = dict.fromkeys([*range(min(len(judged), 1)), *spanning, *range(len(judged))])
    return [judged[place] for place in list(order)[:count]]
