"""Trackers without training: a box that stays, a template that is matched, OpenCV's MIL."""

from __future__ import annotations

from typing import final

import cv2
import numpy as np

from dlscope.methods.skynet.tracking.tracker import BoxXywh, Pixels, Tracker

_REACH = 1.5
_LEAST_REACH = 24.0
_LEAST_LEARNT = 12


@final
class StaticTracker(Tracker):
    """Says that nothing moved."""

    name = "static"

    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None:  # noqa: ARG002 - it never looks
        self._box = box

    def _follow(self, image_hwc: Pixels) -> BoxXywh:  # noqa: ARG002 - it never looks
        return self._box


@final
class TemplateMatching(Tracker):
    """Normalised cross-correlation with the first appearance, near the last place; fixed size.

    It looks as far as 1.5 sides of the object away, at least 24 pixels.
    """

    name = "ncc"

    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None:
        height, width = image_hwc.shape[:2]
        left, top = max(round(box[0]), 0), max(round(box[1]), 0)
        right, bottom = (
            min(max(round(box[0] + box[2]), left + 2), width),
            min(max(round(box[1] + box[3]), top + 2), height),
        )
        left, top = min(left, width - 2), min(top, height - 2)
        self._template = image_hwc[top:bottom, left:right].copy()
        self._inset = (left - box[0], top - box[1])
        self._box = box

    def _follow(self, image_hwc: Pixels) -> BoxXywh:
        height, width = image_hwc.shape[:2]
        rows, columns = self._template.shape[:2]
        x, y = self._box[0] + self._inset[0], self._box[1] + self._inset[1]
        reach_x, reach_y = (max(_REACH * side, _LEAST_REACH) for side in (columns, rows))
        left = int(np.clip(x - reach_x, 0, width - columns))
        top = int(np.clip(y - reach_y, 0, height - rows))
        right = int(np.clip(x + columns + reach_x, left + columns, width))
        bottom = int(np.clip(y + rows + reach_y, top + rows, height))
        found = cv2.matchTemplate(
            image_hwc[top:bottom, left:right], self._template, cv2.TM_CCOEFF_NORMED
        )
        _, _, _, (column, row) = cv2.minMaxLoc(np.nan_to_num(found))
        self._box = (
            left + column - self._inset[0],
            top + row - self._inset[1],
            self._box[2],
            self._box[3],
        )
        return self._box


@final
class MilTracker(Tracker):
    """Multiple instance learning (Babenko, Yang and Belongie 2009), as OpenCV has it.

    It moves by whole pixels and keeps the size. What it draws goes on from one to the next within
    a process. Where it fails, the last box stays.
    """

    name = "mil"
    is_random = True

    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None:
        self._mil = cv2.TrackerMIL.create()
        height, width = image_hwc.shape[:2]
        (left, across), (top, down) = (
            _span(box[axis], box[axis + 2], side) for axis, side in ((0, width), (1, height))
        )
        self._mil.init(image_hwc, (left, top, across, down))
        self._inset = (left - box[0], top - box[1])
        self._box = box

    def _follow(self, image_hwc: Pixels) -> BoxXywh:
        is_found, (left, top, _, _) = self._mil.update(image_hwc)
        if is_found:
            x, y = left - self._inset[0], top - self._inset[1]
            self._box = (x, y, self._box[2], self._box[3])
        return self._box


def _span(start: float, length: float, most: int) -> tuple[int, int]:
    """Start and length in whole pixels, within the image and long enough for MIL to learn from.

    With a few pixels OpenCV looks for features that fit, without end.
    """
    whole = min(max(round(length), _LEAST_LEARNT), most)
    middle = start + length / 2
    return min(max(round(middle - whole / 2), 0), most - whole), whole
