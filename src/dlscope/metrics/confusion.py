"""`ConfusionMatrix`: which class pixels have and which they are given, over many maps.

Letters: K classes, G true class, P predicted class.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Convention: TypeAlias = Literal["mean_of_all", "ignore_excluded"]
"""How a subset of classes is scored: the mean of its IoUs, other classes counting as usual; or as
if the excluded classes were not there at all, in the truth or among the answers."""


@final
@dataclass(frozen=True)
class Scores:
    """Shares of 1; `iou` has None for a class that is neither in the truth nor predicted.

    `absent` is how many classes that are, which no mean includes; a mean of nothing is None.
    """

    iou: tuple[float | None, ...]
    mean_iou: float | None
    pixel_accuracy: float | None
    mean_class_accuracy: float | None
    frequency_weighted_iou: float | None
    absent: int


@final
class ConfusionMatrix:
    """Counts [G, P] of pixels, of all maps together."""

    def __init__(self, classes: int, counts: NDArray[np.int64] | None = None) -> None:
        zeros = np.zeros((classes, classes), dtype=np.int64)
        self.counts_gp = zeros if counts is None else np.array(counts, dtype=np.int64)

    def add(self, truth: NDArray[np.integer], predicted: NDArray[np.integer]) -> None:
        """Count the pixels of a map; a true class outside 0…K−1 is not counted."""
        classes = len(self.counts_gp)
        counted = (truth >= 0) & (truth < classes)
        pairs = truth[counted].astype(np.int64) * classes + predicted[counted]
        counts = np.bincount(pairs, minlength=classes * classes)
        self.counts_gp += counts.reshape(classes, classes)

    def scores(
        self, subset: Collection[int] | None = None, convention: Convention = "mean_of_all"
    ) -> Scores:
        """Scores over the classes of `subset`, by default all.

            IoU_c = n_cc / (Σ_p n_cp + Σ_g n_gc − n_cc)

        With `ignore_excluded` the answers must not name excluded classes, so mask their logits.
        """
        kept = sorted(subset) if subset is not None else list(range(len(self.counts_gp)))
        counts = self.counts_gp
        if convention == "ignore_excluded":
            inside = np.isin(np.arange(len(counts)), kept)
            counts = counts * inside[:, None]
        right, true, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
        union = true + given - right
        iou = [_ratio(right[c], union[c]) for c in range(len(counts))]
        of_kept = [iou[c] for c in kept]
        accuracy = [_ratio(right[c], true[c]) for c in kept]
        weights = true[kept]
        weighted = sum(w * (each or 0.0) for w, each in zip(weights, of_kept, strict=True))
        return Scores(
            iou=tuple(iou),
            mean_iou=_mean(of_kept),
            pixel_accuracy=_ratio(right[kept].sum(), weights.sum()),
            mean_class_accuracy=_mean(accuracy),
            frequency_weighted_iou=_ratio(weighted, weights.sum()),
            absent=sum(each is None for each in of_kept),
        )

    def mean_iou(self, classes: Collection[int]) -> float | None:
        """The mean IoU over `classes`, None where none of them is anywhere."""
        return self.scores(classes).mean_iou


def _ratio(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
