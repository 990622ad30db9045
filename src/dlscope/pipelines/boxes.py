"""Boxes as arrays: forms, overlap, suppression, and the way back to the original picture.

Boxes are B × 4, (x_min, y_min, x_max, y_max) in pixels unless another form is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlscope.pipelines.base import Value

Boxes = NDArray[np.float64]
Form = Literal["xyxy", "yxyx", "cxcywh"]


@dataclass(frozen=True)
class Detections:
    """Boxes with a class index and a score each."""

    boxes: Boxes
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]

    def at(self, places: NDArray[Any]) -> Detections:
        """Those at `places`, in that order."""
        return Detections(self.boxes[places], self.scores[places], self.classes[places])

    def rows(self, labels: Sequence[str]) -> list[list[Any]]:
        """[label, score, x_min, y_min, x_max, y_max] of each; the index where no label is known."""
        return [
            [labels[kind] if kind < len(labels) else int(kind), float(score), *map(float, box)]
            for kind, score, box in zip(self.classes, self.scores, self.boxes, strict=True)
        ]


def corners(boxes: Boxes, form: Form) -> Boxes:
    """`boxes` of another form as (x_min, y_min, x_max, y_max)."""
    if form == "xyxy":
        return boxes
    if form == "yxyx":
        return boxes[:, [1, 0, 3, 2]]
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def overlaps(box: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Intersection over union of one box with each of the others.

    The sides of the intersection are clamped at 0, so that disjoint boxes give 0; two boxes
    without area give 0 as well.
    """
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    total = _areas(box[np.newaxis])[0] + _areas(others) - shared
    result: NDArray[np.float64] = np.divide(
        shared, total, out=np.zeros_like(shared), where=total > 0
    )
    return result


def suppress(boxes: Boxes, scores: NDArray[np.float64], iou: float) -> NDArray[np.int64]:
    """Indices of the boxes that stay, best score first (greedy non-maximum suppression).

    The best box stays and takes out every other that overlaps it by more than `iou`, and so on;
    of equal scores the earlier box goes first.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[overlaps(boxes[best], boxes[order]) <= iou]
    return np.array(kept, dtype=np.int64)


def to_original(boxes: Boxes, picture: Value) -> Boxes:
    """`boxes` in pixels of the network's input as pixels of the original, clipped to it."""
    scale, offset = np.tile(picture.scale, 2), np.tile(picture.offset, 2)
    mapped: Boxes = boxes * scale + offset
    if picture.original_size is not None:
        mapped = np.clip(mapped, 0.0, np.tile(picture.original_size, 2))
    return mapped


def centers(
    heat_hw: NDArray[Any], size_chw: NDArray[Any], offset_chw: NDArray[Any], stride: int
) -> Boxes:
    """The box around every cell of a heat map, row by row, (H · W) × 4.

    Channel 0 of `size_chw` and `offset_chw` is vertical, channel 1 horizontal. With cells of
    `stride` pixels: centre x = (column + offset_x + ½) · stride, width = exp(size_x) · stride
    (CenterFace, Xu and others 2019).
    """
    height, width = heat_hw.shape
    rows, columns = np.mgrid[0:height, 0:width]
    offset, extent = offset_chw.astype(np.float64), np.exp(size_chw.astype(np.float64))
    middle_y = (rows + offset[0] + 0.5) * stride
    middle_x = (columns + offset[1] + 0.5) * stride
    sides = (middle_x, middle_y, extent[1] * stride, extent[0] * stride)
    return corners(np.stack([side.ravel() for side in sides], axis=1), "cxcywh")


def _areas(boxes: Boxes) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    return areas
