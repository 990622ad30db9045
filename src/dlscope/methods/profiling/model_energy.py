"""`ModelEnergy`: energy of a forward call, counted while the model runs alone, again and again.

A counter of energy gains only every millisecond (RAPL) or some ten times in a second (NVML), and
between two iterations of one run the other runs work. What it gains during one iteration is not
what that iteration took, so the run without profilers goes on by itself for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from dlscope.core.run import Energy
from dlscope.stacks.energy import EnergyMeter

DURATION_NS = 2_000_000_000


@final
@dataclass(frozen=True)
class ModelEnergy:
    """What `meter` counts above idle; one iteration is an inference of `batch_size` inputs."""

    meter: EnergyMeter
    batch_size: int

    def counted(self, repeat: Callable[[int], int]) -> Energy:
        """Energy of all iterations that `repeat` carries out in the ns it is given, which it tells.

        Without a counter nothing is repeated, and the Energy says why.
        """
        self.meter.start()
        iterations = 0
        try:
            if self.meter.counts:
                iterations = repeat(DURATION_NS)
        finally:
            energy = self.meter.stop(iterations * self.batch_size)
        return energy
