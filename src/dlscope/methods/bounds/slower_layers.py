"""`slower_layers`: which layers a backend computes more slowly than they can be, and than what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from dlscope.methods.bounds.advice.algorithm import best_way
from dlscope.methods.bounds.advice.base import Subject
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.costed import Cost

SLOWER = 1.5
"""Times the best way from which a layer is told by name."""
_SHARE = 0.005


@final
@dataclass(frozen=True)
class SlowerLayer:
    """A step as the backend carries it out, and the best way there is."""

    step: Step
    best: Cost

    @property
    def excess_ns(self) -> int:
        """What is lost."""
        return self.step.cost.cost_ns - self.best.cost_ns

    @property
    def ratio(self) -> float:
        """How many times the best way it takes; infinite where that costs nothing."""
        used, best = self.step.cost.cost_ns, self.best.cost_ns
        return used / best if best else float("inf")


def slower_layers(subject: Subject) -> tuple[SlowerLayer, ...]:
    """Those that take `SLOWER` times as long as they could, and matter; the most lost first."""
    found = sorted(_slower(subject), key=lambda each: -each.excess_ns)
    least = _SHARE * subject.composition.total_ns
    return tuple(each for each in found if each.ratio >= SLOWER and each.excess_ns >= least)


def _slower(subject: Subject) -> Iterator[SlowerLayer]:
    for step in subject.composition.steps:
        best = best_way(subject, step)
        if best and best.cost_ns < step.cost.cost_ns:
            yield SlowerLayer(step, best)
