"""`SpaceEnergy`: the energy of designs of a space, on a device that knows it.

Axes: B designs, N blocks, M operations of a block, Q precisions. The last row of N + 1 is stem and
head, at the precision of the first block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, final

import numpy as np
from torch import Tensor

from dlscope.devices.base import Device, Floats
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.measured import MeasuredDevice
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.relaxed.architecture import Sample
from dlscope.methods.codesign.relaxed.expected import constant, joint
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.space import Space


@final
class SpaceEnergy:
    """Energy of one result, in J: the sum over all layers of a design."""

    def __init__(self, energies_j: Floats) -> None:
        self._energies_j = energies_j
        self._constant = constant(energies_j)

    @classmethod
    def of(cls, space: Space, device: Device) -> Self | None:
        """Those of `space` on `device`; None where it does not know them, or by its lanes alone."""
        if isinstance(device, MeasuredDevice) or device.has_lanes:
            return None
        widest = max(len(block.operations) for block in space.blocks)
        energies_j = np.zeros((len(space.blocks) + 1, widest, len(space.precisions)))
        for q, precision in enumerate(space.precisions):
            for block in space.blocks:
                for m in range(len(block.operations)):
                    energies_j[block.place, m, q] = _energy_j(device, block.layers(m), precision)
            ends = (*space.stem_layers, *space.head_layers)
            energies_j[-1, 0, q] = _energy_j(device, ends, space.ends_precision(q))
        return None if np.isnan(energies_j).any() else cls(energies_j)

    def of_choices(self, choices: Choices) -> Floats:
        """Energy of each design, [B]."""
        blocks = np.arange(choices.operations.shape[1])
        inner = self._energies_j[blocks, choices.operations, choices.precisions].sum(axis=1)
        return np.asarray(inner + self._energies_j[-1, 0, choices.precisions[:, 0]])

    def expected(self, sample: Sample) -> Tensor:
        """What a sample is expected to take; smooth in its weights."""
        return (joint(sample) * self._constant).sum()


def _energy_j(device: Device, layers: Sequence[LayerShape], precision: Precision) -> float:
    """The sum over `layers`; NaN where the device does not know that of one."""
    known = [device.cost(layer, precision).energy_j for layer in layers]
    return sum(np.nan if each is None else each for each in known)
