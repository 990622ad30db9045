"""Labels that a network gives itself: what it is surer of than a threshold of each class.

    t_c = min(0.9, x[round(n / 2)])

x are the probabilities of all pixels that are predicted as c, ascending, n how many they are; the
index is at most n − 1, and t_c is 0 for a class that is never predicted. Pixels with a probability
strictly below t of their class are ignored (class-balanced self-training as SIM does it).
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.data.scene_classes import CLASSES, IGNORED, Ids

MOST, SHARE = 0.9, 0.5
BINS = 2**16


@final
class ThresholdHistogram:
    """Thresholds from probabilities that are counted, not kept: exact to 1/65536.

    All probabilities of a data set need not be in memory at once.
    """

    def __init__(self, classes: int = len(CLASSES)) -> None:
        self._counts = np.zeros((classes, BINS), dtype=np.int64)

    def add(self, labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> None:
        """Count pixels: the class that each is predicted as, and how sure that is, 0…1."""
        bins = np.minimum((np.asarray(probabilities) * BINS).astype(np.int64), BINS - 1)
        flat = labels.astype(np.int64).ravel() * BINS + bins.ravel()
        self._counts += np.bincount(flat, minlength=self._counts.size).reshape(self._counts.shape)

    def thresholds(self, *, most: float = MOST, share: float = SHARE) -> NDArray[np.float64]:
        """The threshold of each class, the lower edge of the bin that holds it."""
        totals = self._counts.sum(axis=1)
        found = np.zeros(len(totals))
        for class_id, total in enumerate(totals.tolist()):
            if total:
                rank = _rank(total, share)
                held_by = np.searchsorted(np.cumsum(self._counts[class_id]), rank, side="right")
                found[class_id] = min(most, float(held_by) / BINS)
        return found


def threshold(
    probabilities: NDArray[np.floating], *, most: float = MOST, share: float = SHARE
) -> float:
    """The threshold of one class from all its probabilities, by sorting them; 0 without any.

    >>> threshold(np.array([0.4, 0.1, 0.2, 0.95, 0.3]))
    0.3
    """
    if not probabilities.size:
        return 0.0
    return min(most, float(np.sort(probabilities, axis=None)[_rank(probabilities.size, share)]))


def pseudo_labels(
    labels_hw: NDArray[np.integer],
    probabilities_hw: NDArray[np.floating],
    thresholds_k: NDArray[np.floating],
) -> Ids:
    """The predicted labels, `IGNORED` where they are less sure than their class asks."""
    kept = probabilities_hw >= thresholds_k[labels_hw]
    return np.where(kept, labels_hw, IGNORED).astype(np.uint8)


def _rank(count: int, share: float) -> int:
    """Halves are rounded to the even number, as everywhere in Python."""
    return min(round(share * count), count - 1)
