"""How well a detector finds the object of each image: overlap, by size, and what is missed.

Of each image the one surest box counts, as in the contest. What the detector could have said is
told as well: the overlap of the best of all its positions.

Letters: B images of a batch, N positions, M images of the set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.methods.skynet.decoding import ANCHORS, relative_boxes
from dlscope.methods.skynet.prepared_images import Pixels, PreparedImages
from dlscope.metrics.boxes import box_iou
from dlscope.pipelines.boxes import corners

Array: TypeAlias = NDArray[np.float64]
Predict: TypeAlias = Callable[[Pixels], tuple[Array, Array]]
"""Pixels [B, H, W, 3] → boxes [B, N, 4], (x, y, width, height) of the image; how sure, [B, N]."""

FOUND, MISSED = 0.5, 0.1
AREAS: Mapping[str, tuple[float, float]] = {
    "below 0.3 %": (0.0, 0.003),
    "0.3 to 1 %": (0.003, 0.01),
    "1 to 3 %": (0.01, 0.03),
    "above 3 %": (0.03, np.inf),
}
"""Shares of the image that an object covers, from … to."""
_MEAN, _SCALE = 127.5, 63.75


@final
@dataclass(frozen=True)
class DetectionScores:
    """Per image: overlap of the surest box, of the best of all boxes, and the share it covers.

    `boxes_m4` are the surest boxes and `truth_m4` those that they overlap most, both as (x, y,
    width, height) of the image.
    """

    names: tuple[str, ...]
    iou_m: Array
    best_iou_m: Array
    area_m: Array
    boxes_m4: Array
    truth_m4: Array
    sure_m: Array

    @property
    def mean_iou(self) -> float:
        """What the contest scores by."""
        return float(self.iou_m.mean())

    @property
    def best_iou(self) -> float:
        """Mean overlap if the best position of each image were known."""
        return float(self.best_iou_m.mean())

    @property
    def found(self) -> float:
        """Share of images with an overlap above 0.5."""
        return float((self.iou_m > FOUND).mean())

    @property
    def missed(self) -> float:
        """Share of images with an overlap below 0.1: another place was taken for the object."""
        return float((self.iou_m < MISSED).mean())

    def of_area(self, name: str) -> DetectionScores | None:
        """Those of objects that cover as much as `AREAS` says under `name`; None for no image."""
        low, high = AREAS[name]
        among_m = (self.area_m >= low) & (self.area_m < high)
        if not among_m.any():
            return None
        return DetectionScores(
            tuple(name for name, is_in in zip(self.names, among_m, strict=True) if is_in),
            self.iou_m[among_m],
            self.best_iou_m[among_m],
            self.area_m[among_m],
            self.boxes_m4[among_m],
            self.truth_m4[among_m],
            self.sure_m[among_m],
        )


def evaluate_detector(
    predict: Predict,
    images: PreparedImages,
    *,
    batch: int = 32,
    told: Callable[[float], None] = lambda _share: None,
) -> DetectionScores:
    """The scores of `predict` on all of `images` that have an object.

    Where an image has several, the one that a box overlaps most counts for it. `told` hears which
    share of them is done. Raises `DataError` where no image has an object.
    """
    rows = []
    for start in range(0, len(images), batch):
        told(start / len(images))
        boxes_bn4, sure_bn = predict(images.pixels_nhwc[start : start + batch])
        for index, (boxes_n4, sure_n) in enumerate(zip(boxes_bn4, sure_bn, strict=True)):
            truth = images.boxes[start + index]
            if len(truth):
                rows.append((images.names[start + index], *_scored(boxes_n4, sure_n, truth)))
    if not rows:
        raise DataError(
            f"none of {len(images)} images has an object",
            where="SkyNet, evaluation",
            fix="give images with boxes",
        )
    names, iou, best, area, boxes, truths, sure = zip(*rows, strict=True)
    numbers = (np.array(each) for each in (iou, best, area, boxes, truths, sure))
    return DetectionScores(names, *numbers)


def head_predictor(
    head_of: Callable[[NDArray[np.float32]], NDArray[Any]],
    anchors: tuple[tuple[float, float], ...] = ANCHORS,
) -> Predict:
    """What finds boxes with a head: `head_of` makes its map of normalised images [B, 3, H, W]."""

    def predict(pixels_bhwc: Pixels) -> tuple[Array, Array]:
        return relative_boxes(head_of(normalised(pixels_bhwc)), anchors)

    return predict


def normalised(pixels_bhwc: Pixels) -> NDArray[np.float32]:
    """Pixels as the network takes them, [B, 3, H, W] in −2…2: (x / 255 − 0.5) / 0.25."""
    values = (pixels_bhwc.astype(np.float32) - np.float32(_MEAN)) * np.float32(1 / _SCALE)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def _scored(
    boxes_n4: Array, sure_n: Array, truth_t4: NDArray[Any]
) -> tuple[float, float, float, Array, Array, float]:
    truths = truth_t4.astype(np.float64)
    overlaps_nt = box_iou(_inside(boxes_n4), corners(truths, "cxcywh"))
    surest = int(sure_n.argmax())
    nearest = int(overlaps_nt[surest].argmax())
    return (
        float(overlaps_nt[surest, nearest]),
        float(overlaps_nt.max()),
        float(truths[nearest, 2:].prod()),
        boxes_n4[surest],
        truths[nearest],
        float(sure_n[surest]),
    )


def _inside(boxes_n4: Array) -> Array:
    """Corners of boxes, ended at the edge of the image."""
    return np.clip(corners(boxes_n4, "cxcywh"), 0.0, 1.0)
