"""Boxes of one item: overlap, and which prediction finds which truth.

Axes: P predictions, T truths; the last axis of boxes is x_min, y_min, x_max, y_max.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlscope.metrics.reading import Array


def box_iou(a: ArrayLike, b: ArrayLike) -> Array:
    """Intersection over union of boxes `a` [P, 4] and `b` [T, 4], as [P, T].

    Sides are clamped at 0, so disjoint boxes give 0; two boxes of zero area give 0.
    """
    a_p4 = np.asarray(a, dtype=np.float64).reshape(-1, 4)
    b_t4 = np.asarray(b, dtype=np.float64).reshape(-1, 4)
    shared_pt = _shared(a_p4, b_t4)
    union_pt = _area(a_p4)[:, None] + _area(b_t4)[None, :] - shared_pt
    iou = np.zeros_like(shared_pt)
    return np.asarray(np.divide(shared_pt, union_pt, out=iou, where=union_pt > 0))


def coverage(a: ArrayLike, regions: ArrayLike) -> Array:
    """Largest share of each box of `a` [P, 4] that one of `regions` [T, 4] covers, as [P].

    Intersection over the area of the box itself (COCO, crowd regions); 0 for a box of zero area.
    """
    a_p4 = np.asarray(a, dtype=np.float64).reshape(-1, 4)
    shared_p = _shared(a_p4, np.asarray(regions, dtype=np.float64).reshape(-1, 4)).max(
        axis=-1, initial=0.0
    )
    area_p = _area(a_p4)
    return np.asarray(np.divide(shared_p, area_p, out=np.zeros_like(area_p), where=area_p > 0))


def found(iou_pt: Array, threshold: float, *, only_free: bool) -> NDArray[np.bool_]:
    """Which predictions, best first, find a truth of their own at IoU ≥ `threshold`, as [P].

    With `only_free` a prediction takes the best truth not yet taken (COCO); without, it is
    wrong when its best truth is taken (VOC).
    """
    predictions, truths = iou_pt.shape
    is_found = np.zeros(predictions, dtype=np.bool_)
    taken = np.zeros(truths, dtype=np.bool_)
    for p in range(predictions if truths else 0):
        candidates = np.where(taken, -1.0, iou_pt[p]) if only_free else iou_pt[p]
        best = int(candidates.argmax())
        if candidates[best] >= threshold and not taken[best]:
            is_found[p] = taken[best] = True
    return is_found


def _shared(a_p4: Array, b_t4: Array) -> Array:
    """Areas of the intersections, as [P, T]."""
    low = np.maximum(a_p4[:, None, :2], b_t4[None, :, :2])
    high = np.minimum(a_p4[:, None, 2:], b_t4[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=-1))


def _area(boxes_n4: Array) -> Array:
    return np.asarray(np.clip(boxes_n4[:, 2:] - boxes_n4[:, :2], 0, None).prod(axis=-1))
