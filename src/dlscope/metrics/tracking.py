"""An object followed through the frames of a sequence.

prediction  {"boxes": [[x_min, y_min, x_max, y_max] per frame]}
target      {"boxes": [box, or null for a frame that does not count, per frame]}

One item is one sequence. Null is a frame in which the object is not to be seen, or the first one,
where a tracker is told where the object is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.boxes import box_iou
from dlscope.metrics.estimate import average, ratio
from dlscope.metrics.reading import Array, malformed, numbers, prediction_field, target_field

THRESHOLDS = np.linspace(0.0, 1.0, 21)
NEAR_PX = 20.0


@dataclass(frozen=True)
class _Sequence:
    """Overlap and distance of the centres, in pixels, in each frame that counts."""

    overlap_f: Array
    distance_f: Array


def object_tracking(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`success_auc`, `precision_20px`, `average_overlap`, `success_rate_50`, `success_rate_75`.

    OTB (Wu, Lim and Yang 2013), a mean over sequences: the success plot is the share of frames
    with an overlap above each of the 21 thresholds 0, 0.05 … 1, `success_auc` its mean (20/21 for
    perfect boxes, as no overlap is above 1); `precision_20px` is the share of frames whose centre
    is at most 20 pixels away. GOT-10k (Huang, Zhao and Huang 2019), over all frames: mean overlap,
    and the share of frames with an overlap above 0.5 and 0.75; `n` is the number of frames, the
    intervals resample sequences. A failed item has overlap 0 in every frame and no centre near.
    """
    sequences = [each for each in map(_sequence, items) if each.overlap_f.size]
    if not sequences:
        return ()
    near = [float((each.distance_f <= NEAR_PX).mean()) for each in sequences]
    frames = [each.overlap_f.size for each in sequences]
    overlaps = [each.overlap_f for each in sequences]
    return (
        average("success_auc", [_area(each) for each in overlaps]),
        average("precision_20px", near),
        ratio("average_overlap", [float(each.sum()) for each in overlaps], frames),
        ratio("success_rate_50", [int((each > 0.5).sum()) for each in overlaps], frames),
        ratio("success_rate_75", [int((each > 0.75).sum()) for each in overlaps], frames),
    )


def _area(overlap_f: Array) -> float:
    """Mean of the success plot over its thresholds, which is the area below it."""
    return float((overlap_f[:, None] > THRESHOLDS).mean())


def _sequence(item: ItemResult) -> _Sequence:
    frames = target_field(item, "boxes")
    counted = [f for f, box in enumerate(frames) if box is not None]
    truth_f4 = _boxes(item, [frames[f] for f in counted], "a true box")
    rows = prediction_field(item, "boxes")
    if item.prediction is None:
        return _Sequence(np.zeros(len(counted)), np.full(len(counted), np.inf))
    if len(rows) != len(frames):
        raise malformed(item, f"predicted {len(rows)} boxes for {len(frames)} frames")
    got_f4 = _boxes(item, [rows[f] for f in counted], "a predicted box")
    overlap_f = np.array(
        [box_iou(got, truth)[0, 0] for got, truth in zip(got_f4, truth_f4, strict=True)]
    )
    offset_f2 = _centres(got_f4) - _centres(truth_f4)
    return _Sequence(overlap_f, np.hypot(offset_f2[:, 0], offset_f2[:, 1]))


def _centres(boxes_f4: Array) -> Array:
    return np.asarray((boxes_f4[:, :2] + boxes_f4[:, 2:]) / 2)


def _boxes(item: ItemResult, rows: Sequence[Sequence[float]], what: str) -> Array:
    if any(row is None or len(row) != 4 for row in rows):
        raise malformed(item, f"{what} is not [x_min, y_min, x_max, y_max]")
    boxes_f4 = numbers(item, rows, what).reshape(-1, 4)
    if not np.isfinite(boxes_f4).all():
        raise malformed(item, f"{what} holds NaN or infinity")
    return boxes_f4
