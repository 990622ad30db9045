"""`Stripes`, `Loom`, `BitFusion`: accelerators that choose the precision while they run.

Their resources do not depend on the bits; their speed does. It is relative to 16 bits for the
bit-serial ones, to 8 for the one that fuses small multipliers:

    Stripes    16 / b_a                                     serial activations
    Loom       256 / (b_a · b_w), dense layers 16 / b_w     serial activations and weights
    BitFusion  (8 / b_a) · (8 / b_w)                        bits rounded up to 2, 4, 8 or 16
"""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Cost, Device, Floats, per_cycle_ns
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

MAC_ENERGY_J = 0.2e-12
"""Of a multiply-accumulate of 8 by 8 bits in a 28 nm process; recalled, not measured."""

_SERIAL_BITS, _FUSED_BITS = 16, 8
_FUSED_WIDTHS = (2, 4, 8, 16)


class BitFlexible(Device):
    """`lanes` multiply-accumulates a cycle at the bits that speed is relative to.

    `mac_energy_j` is the energy of one at 8 by 8 bits; others take it in proportion to the
    product of their bits. What `pf` says changes nothing: lanes are in the silicon.
    """

    has_lanes = False

    def __init__(self, lanes: int, *, clock_mhz: float, mac_energy_j: float = MAC_ENERGY_J) -> None:
        if lanes < 1 or clock_mhz <= 0:
            raise SearchError(
                f"{lanes} lanes at {clock_mhz:g} MHz compute nothing",
                where=f"device {self.name}",
                fix="use at least one lane and a clock above 0",
            )
        self._lanes = lanes
        self._cycle_ns = per_cycle_ns(clock_mhz)
        self._mac_energy_j = mac_energy_j

    @final
    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        if precision.lane_bits > _SERIAL_BITS:
            raise SearchError(
                f"{precision} is too wide",
                where=f"device {self.name}",
                fix=f"use at most {_SERIAL_BITS} bits",
            )
        lanes = self._lanes * self._speed(layer, precision)
        products = precision.weight_bits * precision.activation_bits
        return Cost(
            latency_ns=np.full(pf.shape, layer.work / lanes * self._cycle_ns),
            latency_slope=np.zeros(pf.shape),
            energy_j=layer.macs * self._mac_energy_j * products / _FUSED_BITS**2,
        )

    @abstractmethod
    def _speed(self, layer: LayerShape, precision: Precision) -> float:
        """How many times faster than at the bits that its lanes are counted for."""


@final
class Stripes(BitFlexible):
    """Activations bit by bit."""

    name = "stripes"

    def _speed(self, layer: LayerShape, precision: Precision) -> float:
        del layer
        return _SERIAL_BITS / precision.activation_bits


@final
class Loom(BitFlexible):
    """Activations and weights bit by bit; of dense layers the weights alone."""

    name = "loom"

    def _speed(self, layer: LayerShape, precision: Precision) -> float:
        by_weights = _SERIAL_BITS / precision.weight_bits
        if layer.kind == "dense":
            return by_weights
        return by_weights * _SERIAL_BITS / precision.activation_bits


@final
class BitFusion(BitFlexible):
    """Multipliers of 2 bits put together as they are needed."""

    name = "bitfusion"

    def _speed(self, layer: LayerShape, precision: Precision) -> float:
        del layer
        weight, activation = map(_fused, (precision.weight_bits, precision.activation_bits))
        return _FUSED_BITS / activation * _FUSED_BITS / weight


def _fused(bits: int) -> int:
    return next(width for width in _FUSED_WIDTHS if width >= bits)
