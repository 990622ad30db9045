"""What a detector answers in another form, beside what it answers in float.

Letters: M images of the set, B of a batch, N positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.table import Cell, Column
from dlscope.methods.skynet.decoding import relative_boxes
from dlscope.methods.skynet.detection_scores import normalised
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.metrics.boxes import box_iou
from dlscope.pipelines.boxes import corners

HeadOf: TypeAlias = Callable[[NDArray[np.float32]], NDArray[Any]]
"""Normalised images [B, 3, H, W] → maps of the head."""
_BATCH = 4
ANSWER_COLUMNS = (
    Column("mean_iou", "float", "mean overlap with the annotated boxes", role="share"),
    Column("lost_iou", "float", "mean overlap of the float network, less this", role="value"),
    Column("iou_with_float", "float", "mean overlap with the boxes of floats", role="share"),
    Column("switches", "float", "share of images with another position", role="share"),
)


@final
@dataclass(frozen=True)
class Answers:
    """The surest box of each image as its corners, relative to it, and at which position."""

    boxes_m4: NDArray[np.float64]
    places_m: NDArray[np.int64]

    def iou_with(self, other: Answers) -> NDArray[np.float64]:
        """Overlap of each box with that of `other` for the same image."""
        pairs = zip(self.boxes_m4, other.boxes_m4, strict=True)
        return np.array([box_iou([one], [two])[0, 0] for one, two in pairs])

    def switches_from(self, other: Answers) -> float:
        """Share of the images whose surest position is another than that of `other`."""
        return float((self.places_m != other.places_m).mean())

    def told_beside(self, floats: Answers, images: PreparedImages) -> Mapping[str, Cell]:
        """What `ANSWER_COLUMNS` name, beside the answers of the network in floats."""
        truth, whole = self.iou_with_truth(images), floats.iou_with_truth(images)
        return {
            "mean_iou": float(truth.mean()) if truth is not None else None,
            "lost_iou": float(whole.mean() - truth.mean())
            if truth is not None and whole is not None
            else None,
            "iou_with_float": float(self.iou_with(floats).mean()),
            "switches": self.switches_from(floats),
        }

    def iou_with_truth(self, images: PreparedImages) -> NDArray[np.float64] | None:
        """Overlap with the annotated box of each image that has one; None where none has."""
        found = [
            box_iou([box], corners(truth.astype(np.float64), "cxcywh")).max()
            for box, truth in zip(self.boxes_m4, images.boxes, strict=True)
            if len(truth)
        ]
        return np.array(found) if found else None


def answers(
    head_of: HeadOf, images: PreparedImages, anchors: tuple[tuple[float, float], ...]
) -> Answers:
    """The surest box of each of the images. Raises `DataError` for a head that is no number."""
    boxes, places = [], []
    for start in range(0, len(images), _BATCH):
        head_bchw = head_of(normalised(images.pixels_nhwc[start : start + _BATCH]))
        boxes_bn4, sure_bn = relative_boxes(head_bchw, anchors)
        for boxes_n4, sure_n in zip(boxes_bn4, sure_bn, strict=True):
            place = int(sure_n.argmax())
            boxes.append(np.clip(corners(boxes_n4[[place]], "cxcywh")[0], 0.0, 1.0))
            places.append(place)
    return Answers(np.array(boxes), np.array(places))
