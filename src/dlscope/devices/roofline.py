"""`Roofline`: three constants that tell how long a layer takes; `RooflineDevice`; and their fit.

    t = max(W / (P · η), bytes / BW) + t_0

W work, P what the device could do in a second, η the share of it that it reaches, BW bandwidth of
memory, t_0 what every layer adds. `fit_roofline` finds η, BW and t_0 ≥ 0 by least squares of
ln(predicted / measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from dlscope.core.errors import MeasurementError
from dlscope.devices.base import NS_PER_S, Cost, Device, Floats
from dlscope.devices.fpga_recursive import traffic_bytes
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.devices.simplex import minimise

_FEWEST = 3
_STARTS = 6
_WORTH = 0.999
_FARTHEST = 60.0  # e^60 times the start: nothing overflows
_GRID_EFFICIENCY = (0.1, 0.3, 1.0)
_GRID_BANDWIDTH = (0.5, 1.0, 5.0)
_GRID_OVERHEAD = (0.03, 0.3)


@final
@dataclass(frozen=True)
class Roofline:
    """Share of the peak that is reached, bandwidth of memory, what every layer adds."""

    efficiency: float
    bytes_per_s: float
    overhead_s: float

    def seconds(self, work: ArrayLike, traffic_bytes: ArrayLike, peak_per_s: ArrayLike) -> Floats:
        """How long layers of this work and traffic take, each for itself."""
        compute = np.asarray(work) / (np.asarray(peak_per_s) * self.efficiency)
        memory = np.asarray(traffic_bytes) / self.bytes_per_s
        return np.asarray(np.maximum(compute, memory) + self.overhead_s, dtype=np.float64)


@final
@dataclass(frozen=True)
class Timed:
    """Layers that were timed together: work and bytes of each, what the peak was, the seconds."""

    work: tuple[float, ...]
    traffic_bytes: tuple[float, ...]
    peak_per_s: float
    seconds: float

    def predicted_s(self, roofline: Roofline) -> float:
        """What `roofline` says of these layers, one after another."""
        return float(roofline.seconds(self.work, self.traffic_bytes, self.peak_per_s).sum())


def fit_roofline(samples: Sequence[Timed]) -> Roofline:
    """The constants that fit `samples` best, the best of several starts, with and without t_0.

    Raises `MeasurementError` for fewer than three samples, and times or layers that are not there.
    """
    is_usable = all(each.seconds > 0 and each.work and each.peak_per_s > 0 for each in samples)
    if len(samples) < _FEWEST or not is_usable:
        raise MeasurementError(
            "a roofline cannot be fitted",
            where=f"{len(samples)} samples",
            fix=f"give at least {_FEWEST}, each with layers and a time above 0",
        )
    fit = _Fit(samples)
    plain, added = (fit.best(has_overhead=each) for each in (False, True))
    # An overhead has to explain something, or it would be 10^-20 s where there is none.
    return added if fit.squares(added) < _WORTH * fit.squares(plain) else plain


@final
class RooflineDevice(Device):
    """A device of which only its `roofline` and its peak are known; lanes change nothing."""

    name = "roofline"
    has_lanes = False
    precision_scope = "network"

    def __init__(self, roofline: Roofline, *, peak_per_s: float) -> None:
        self.roofline = roofline
        self.bytes_per_s = roofline.bytes_per_s
        self._peak_per_s = peak_per_s

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        traffic = traffic_bytes(layer, precision)
        seconds = self.roofline.seconds(layer.work, traffic, self._peak_per_s)
        return Cost(
            latency_ns=np.full(pf.shape, float(seconds) * NS_PER_S),
            latency_slope=np.zeros(pf.shape),
            traffic_bytes=traffic,
        )


@final
class _Fit:
    """The samples as arrays of all their layers, so that one evaluation is a few operations."""

    def __init__(self, samples: Sequence[Timed]) -> None:
        counts = [len(each.work) for each in samples]
        self._work = np.concatenate([each.work for each in samples])
        self._traffic = np.concatenate([each.traffic_bytes for each in samples])
        self._peak = np.repeat([each.peak_per_s for each in samples], counts)
        self._first = np.cumsum([0, *counts[:-1]])
        self._measured = np.log([each.seconds for each in samples])
        totals = np.add.reduceat(self._traffic, self._first)
        seconds = np.exp(self._measured)
        self._bytes_per_s = float(np.median(totals / seconds))
        self._overhead_s = float(np.median(seconds / counts))

    def squares(self, roofline: Roofline) -> float:
        """Σ ln²(predicted / measured)."""
        each = roofline.seconds(self._work, self._traffic, self._peak)
        predicted = np.add.reduceat(each, self._first)
        return float(np.sum((np.log(predicted) - self._measured) ** 2))

    def best(self, *, has_overhead: bool) -> Roofline:
        """The best constants, found in their logarithms from the best starts of a grid."""

        def roofline(logs: Floats) -> Roofline:
            kept = np.exp(np.clip(logs, -_FARTHEST, _FARTHEST))
            overhead_s = kept[2] * self._overhead_s if has_overhead else 0.0
            return Roofline(float(kept[0]), float(kept[1] * self._bytes_per_s), float(overhead_s))

        def squares(logs: Floats) -> float:
            return self.squares(roofline(logs))

        overheads = _GRID_OVERHEAD if has_overhead else ()
        grid = product(_GRID_EFFICIENCY, _GRID_BANDWIDTH, *([overheads] if has_overhead else []))
        starts = sorted((np.log(start) for start in grid), key=squares)[:_STARTS]
        return roofline(minimise(squares, [start.tolist() for start in starts])[0])
