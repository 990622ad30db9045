"""`Aims`: what a search minimises, and what it must not exceed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np

from dlscope.devices.base import Floats

Combination: TypeAlias = Literal["product", "log", "sum", "exponent"]
Implementing: TypeAlias = Literal["closed_form", "gradient"]
Minimised: TypeAlias = Literal["time", "energy"]

_SUM_WEIGHT, _EXPONENT = 0.2, 0.6
_COMBINED: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "product": lambda losses, times: losses * times,
    "log": lambda losses, times: np.log(losses) + np.log(times),
    "sum": lambda losses, times: losses + _SUM_WEIGHT * times,
    "exponent": lambda losses, times: losses * times**_EXPONENT,
}


@final
@dataclass(frozen=True)
class Aims:
    """What a search minimises.

    `implementing`: lanes are known in closed form, or trained by gradients as published. `combine`
    says how loss and time become one number, `target_ns` what the time may be at most. `is_blind`:
    time does not count until a design is chosen, as in a search for accuracy alone. `minimised`
    with the loss is the time per result, or the energy of one.
    """

    implementing: Implementing = "closed_form"
    combine: Combination = "product"
    target_ns: float | None = None
    is_blind: bool = False
    minimised: Minimised = "time"

    def meets(self, time_ns: float) -> bool:
        """Whether a design of that time is allowed."""
        return math.isfinite(time_ns) and (self.target_ns is None or time_ns <= self.target_ns)

    def values(
        self, losses: Floats, times_ns: Floats, scale: float, energies_j: Floats | None = None
    ) -> Floats:
        """What designs are worth, less is better; infinite beyond the target.

        Times, or `energies_j` where those are minimised, count in units of `scale`. With a target
        for the time that is minimised, all that meets it is judged by loss.
        """
        times = np.asarray(times_ns, dtype=np.float64)
        costs = times if energies_j is None else np.asarray(energies_j, dtype=np.float64)
        if self.is_blind or (self.target_ns is not None and energies_j is None):
            values = np.asarray(losses, dtype=np.float64)
        else:
            with np.errstate(invalid="ignore"):
                values = _COMBINED[self.combine](np.asarray(losses), costs / scale)
        allowed = np.isfinite(times) & (times <= (self.target_ns or np.inf))
        return np.where(allowed, values, np.inf)
