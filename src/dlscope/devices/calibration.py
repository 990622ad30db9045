"""`Calibration`: from the sum of operations to the latency of a network, with its held-out error.

    latency = a + b · Σ operations

a is what a call adds, b what operations gain or lose beside one another. The error that is told is
of networks that the line was not fitted to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike

from dlscope.core.errors import MeasurementError
from dlscope.devices.base import Floats
from dlscope.devices.prediction_error import PredictionError

FEWEST_NETWORKS, WORST_MAPE = 20, 0.1
_FOLDS = 5


@final
@dataclass(frozen=True)
class Calibration:
    """The line, and how far it is off for networks that were held out."""

    fixed_ns: float
    factor: float
    error: PredictionError

    def latency_ns(self, sum_ns: ArrayLike) -> Floats:
        """Latency of networks whose operations sum up to `sum_ns`."""
        return np.asarray(self.fixed_ns + self.factor * np.asarray(sum_ns, dtype=np.float64))

    def to_json(self) -> dict[str, Any]:
        """The line and its error as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The calibration that `to_json` wrote."""
        error = PredictionError(**data["error"])
        return cls(data["fixed_ns"], data["factor"], error)


def calibrate(sums_ns: Sequence[float], measured_ns: Sequence[float]) -> Calibration:
    """The calibration of networks with these sums of operations and these latencies.

    Every network is predicted by the line through four fifths of the others. Raises
    `MeasurementError` for fewer than twenty, and where the mean error is above a tenth.
    """
    sums, measured = np.asarray(sums_ns, float), np.asarray(measured_ns, float)
    if len(sums) != len(measured) or len(sums) < FEWEST_NETWORKS or np.any(measured <= 0):
        raise MeasurementError(
            f"{len(measured)} latencies of {len(sums)} networks do not calibrate",
            where="calibration",
            fix=f"measure at least {FEWEST_NETWORKS} networks, each with a latency above 0",
        )
    error = PredictionError.of(_held_out(sums, measured).tolist(), measured.tolist())
    if error.mape > WORST_MAPE:
        raise MeasurementError(
            f"calibration_poor: held-out networks are {error.mape:.1%} off on average",
            where=f"calibration on {len(sums)} networks",
            fix=f"measure operations fused as the networks run them; "
            f"at most {WORST_MAPE:.0%} is accepted",
        )
    fixed_ns, factor = _line(sums, measured)
    return Calibration(fixed_ns, factor, error)


def _held_out(sums: Floats, measured: Floats) -> Floats:
    """Each network as the line through the other folds tells it; folds take every fifth."""
    fold = np.arange(len(sums)) % _FOLDS
    told = np.empty_like(measured)
    for each in range(_FOLDS):
        fixed_ns, factor = _line(sums[fold != each], measured[fold != each])
        told[fold == each] = fixed_ns + factor * sums[fold == each]
    return told


def _line(sums: Floats, measured: Floats) -> tuple[float, float]:
    """Least squares of the relative error, so that small networks count as much as large ones."""
    design = np.stack([1 / measured, sums / measured], axis=1)
    fixed_ns, factor = np.linalg.lstsq(design, np.ones_like(measured), rcond=None)[0]
    return float(fixed_ns), float(factor)
