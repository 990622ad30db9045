"""`PredictionError`: how far predictions are from what was measured or published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlscope.core.errors import MeasurementError


@final
@dataclass(frozen=True)
class PredictionError:
    """Mean and largest of |predicted / real − 1|, and Spearman's rank correlation.

    The correlation is NaN of fewer than two values, and where one side is all the same.
    """

    mape: float
    worst: float
    spearman: float
    n: int

    @classmethod
    def of(cls, predicted: Sequence[float], real: Sequence[float]) -> Self:
        """Of predictions for real values above 0. Raises `MeasurementError` for anything else.

        >>> round(PredictionError.of([1.1, 1.8], [1.0, 2.0]).mape, 6)
        0.1
        """
        guesses, truth = np.asarray(predicted, float), np.asarray(real, float)
        if guesses.shape != truth.shape or not truth.size or not bool(np.all(truth > 0)):
            raise MeasurementError(
                "predictions cannot be compared",
                where=f"{guesses.size} predictions for {truth.size} values",
                fix="give as many of each, at least one, and values above 0",
            )
        errors = np.abs(guesses / truth - 1)
        return cls(
            float(errors.mean()),
            float(errors.max()),
            spearman(guesses, truth),
            int(truth.size),
        )


def spearman(left: ArrayLike, right: ArrayLike) -> float:
    """Spearman's rank correlation, equal values sharing their rank; NaN where it has no meaning."""
    first, second = (_ranks(np.asarray(each, float)) for each in (left, right))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], float)
