"""`Fitness`: what a network is worth on the devices that it is for.

    Fit = Acc + Σ_d α_d · g(Est_d − Tar_d)                                       Est, Tar in ms

g is the identity as published, `abs`, which also dislikes what is quicker than asked, or `hinge`,
which only dislikes what is slower. α is below 0, in 1/ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import PlanError, did_you_mean, raise_all

Form: TypeAlias = Literal["identity", "abs", "hinge"]
FORMS: Mapping[str, Callable[[float], float]] = {
    "identity": float,
    "abs": abs,
    "hinge": lambda over_ms: max(0.0, over_ms),
}


@final
@dataclass(frozen=True)
class Goal:
    """A device, the latency it shall have, and how much a millisecond away from it costs.

    Raises `PlanError` for a target that is not above 0, for an `alpha` above 0, and for an unknown
    form.
    """

    device: str
    target_ms: float
    alpha: float
    form: Form = "identity"

    def __post_init__(self) -> None:
        raise_all(list(self._problems()))

    def term(self, latency_ms: float) -> float:
        """α · g(Est − Tar)."""
        return self.alpha * FORMS[self.form](latency_ms - self.target_ms)

    def _problems(self) -> Iterator[PlanError]:
        where = f"bottom-up search, device {self.device}"
        if not (math.isfinite(self.target_ms) and self.target_ms > 0):
            yield PlanError(
                f"no network takes {self.target_ms:g} ms",
                where=where,
                fix="give a target latency above 0",
            )
        if not self.alpha <= 0:
            yield PlanError(
                f"alpha is {self.alpha:g}, and a positive alpha rewards slow networks",
                where=where,
                fix="give an alpha below 0, in 1/ms",
            )
        if self.form not in FORMS:
            yield PlanError(
                f"there is no form {self.form!r} of a goal",
                where=where,
                fix=did_you_mean(str(self.form), FORMS),
            )


@final
@dataclass(frozen=True)
class Fitness:
    """The sum over several goals, one for each device."""

    goals: tuple[Goal, ...]

    def __post_init__(self) -> None:
        devices = [goal.device for goal in self.goals]
        if len(set(devices)) != len(devices) or not devices:
            raise PlanError(
                f"goals for {', '.join(devices) or 'no device'} are not one for each device",
                where="bottom-up search, goals",
                fix="give one goal for each device",
            )

    def of(self, accuracy: float, latencies_ms: Mapping[str, float]) -> float:
        """Fit of a network. The latency of every device must be there."""
        return accuracy + sum(self.terms(latencies_ms).values())

    def terms(self, latencies_ms: Mapping[str, float]) -> dict[str, float]:
        """What each device adds, by name."""
        return {goal.device: goal.term(latencies_ms[goal.device]) for goal in self.goals}

    def leaves_room(self, latencies_ms: Mapping[str, float]) -> bool:
        """Whether no device is slower than its target."""
        return all(latencies_ms[goal.device] <= goal.target_ms for goal in self.goals)
