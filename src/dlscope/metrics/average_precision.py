"""Average precision of scored detections, with each item counted any number of times.

Axes: R resamples, I items, D detections of one class (best first), T IoU thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlscope.metrics.reading import Array

Weights = NDArray[np.int64]


@dataclass(frozen=True)
class ClassDetections:
    """Detections of one class over all items, best first, and the truths of each item.

    `is_found_td` says for each threshold which detections find a truth, `is_ignored_td` which are
    neither right nor wrong; `item_d` is the item of each detection; `truths_i` the number of
    truths in each item.
    """

    is_found_td: NDArray[np.bool_]
    is_ignored_td: NDArray[np.bool_]
    item_d: NDArray[np.int64]
    truths_i: NDArray[np.int64]


def all_point(detections: ClassDetections, weights_ri: Weights) -> Array:
    """Area under the precision envelope over recall (VOC 2010 and later), as [R, T].

    AP = Σ_i (recall_i − recall_{i−1}) · max_{j ≥ i} precision_j; NaN where nothing is to be found.
    """
    hits_rtd, envelope_rtd, total_r = _curves(detections, weights_ri)
    gained = np.diff(hits_rtd, axis=-1, prepend=0)
    return _per_truth((gained * envelope_rtd).sum(axis=-1), total_r)


def hundred_and_one_point(detections: ClassDetections, weights_ri: Weights) -> Array:
    """Mean of the precision envelope at recalls 0, 0.01 … 1 (COCO), as [R, T].

    A recall that is never reached has precision 0; NaN where nothing is to be found.
    """
    hits_rtd, envelope_rtd, total_r = _curves(detections, weights_ri)
    # Integers, because 0.29 · 100 is not 29 in floating point.
    reached = 100 * hits_rtd // np.maximum(total_r, 1)[:, None, None] + 1
    points = np.diff(reached, axis=-1, prepend=0)
    return _per_truth((points * envelope_rtd).sum(axis=-1) * (total_r / 101)[:, None], total_r)


def mean_over_classes(per_class: Sequence[Array]) -> Array:
    """Mean over thresholds and over the classes that have a truth, as [R]."""
    stacked = np.stack([ap_rt.mean(axis=-1) for ap_rt in per_class])
    is_known = ~np.isnan(stacked)
    total = np.where(is_known, stacked, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(is_known.sum(axis=0), 1))


def _curves(detections: ClassDetections, weights_ri: Weights) -> tuple[Weights, Array, Weights]:
    weight_rd = weights_ri[:, detections.item_d]
    hits_rtd = np.cumsum(
        weight_rd[:, None, :] * detections.is_found_td[None], axis=-1, dtype=np.int64
    )
    counted_rtd = weight_rd[:, None, :] * ~detections.is_ignored_td[None]
    seen_rtd = np.cumsum(counted_rtd, axis=-1, dtype=np.int64)
    precision = hits_rtd / np.maximum(seen_rtd, 1)
    envelope = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    return hits_rtd, envelope, weights_ri @ detections.truths_i


def _per_truth(sums_rt: Array, total_r: Weights) -> Array:
    shares = sums_rt / np.maximum(total_r, 1)[:, None]
    return np.asarray(np.where(total_r[:, None] > 0, shares, np.nan))
