"""Overlap of tracked boxes as GOT-10k measures it (Huang, Zhao and Huang 2019).

Letters: T frames; boxes are x, y, width, height in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlscope.core.errors import DataError
from dlscope.metrics.reading import Array

THRESHOLDS = np.linspace(0.0, 1.0, 101)


@final
@dataclass(frozen=True)
class SequenceOverlap:
    """The overlap of every frame that counts in a sequence, and the class of its object."""

    name: str
    class_name: str
    overlap_t: Array


@final
@dataclass(frozen=True)
class TrackingScores:
    """What GOT-10k says of a tracker.

    Over all frames: `average_overlap` (AO), `success_50` and `success_75` (SR, shares of frames
    with an overlap strictly above) and the `success_curve` at `THRESHOLDS`. Over classes, each
    the mean of its own frames: `class_overlap` (mAO), `class_50` and `class_75` (mSR).
    """

    frames: int
    average_overlap: float
    success_50: float
    success_75: float
    class_overlap: float
    class_50: float
    class_75: float
    success_curve: tuple[float, ...]


@final
@dataclass(frozen=True)
class Speed:
    """Frames a second: the mean of those of each frame, as GOT-10k has it, and frames over time.

    The second is what a user sees; it is never the larger one.
    """

    mean_rate: float
    rate: float


def frame_overlap(
    boxes_t4: ArrayLike, truth_t4: ArrayLike, size: tuple[float, float] | None = None
) -> Array:
    """Intersection over union of two boxes in each frame, [T].

    With `size` (width, height) boxes are first clipped to the image as the official toolkit does
    it: the corner is moved inside, then width and height are shortened. NaN gives 0.
    """
    boxes_t4, truth_t4 = (_rows(each) for each in (boxes_t4, truth_t4))
    if size is not None:
        boxes_t4, truth_t4 = _clipped(boxes_t4, size), _clipped(truth_t4, size)
    low = np.maximum(boxes_t4[:, :2], truth_t4[:, :2])
    high = np.minimum(boxes_t4[:, :2] + boxes_t4[:, 2:], truth_t4[:, :2] + truth_t4[:, 2:])
    shared_t = np.clip(high - low, 0, None).prod(axis=1)
    union_t = boxes_t4[:, 2:].prod(axis=1) + truth_t4[:, 2:].prod(axis=1) - shared_t
    overlap_t = np.divide(shared_t, union_t, out=np.zeros_like(shared_t), where=union_t > 0)
    return np.asarray(np.clip(np.nan_to_num(overlap_t), 0.0, 1.0))


def counted_overlap(
    boxes_t4: ArrayLike,
    truth_t4: ArrayLike,
    cover: ArrayLike,
    size: tuple[float, float] | None = None,
) -> Array:
    """The overlaps that count: not the first frame, which is told, and none where `cover` is 0."""
    overlap_t = frame_overlap(boxes_t4, truth_t4, size)[1:]
    return np.asarray(overlap_t[np.asarray(cover)[1:] > 0])


def success_curve(overlap_t: Array) -> Array:
    """The share of frames with an overlap strictly above each of `THRESHOLDS`."""
    return np.asarray((overlap_t[:, None] > THRESHOLDS).mean(axis=0))


def tracking_scores(sequences: Sequence[SequenceOverlap]) -> TrackingScores:
    """The scores of a tracker over sequences. Raises `DataError` where no frame counts."""
    counted = [each for each in sequences if each.overlap_t.size]
    if not counted:
        raise DataError(
            "no frame counts: in each but the first the object is out of view",
            where="tracking scores",
            fix="give sequences of two frames and more, with the object to be seen",
        )
    pooled_t = np.concatenate([each.overlap_t for each in counted])
    by_class: dict[str, list[Array]] = {}
    for each in counted:
        by_class.setdefault(each.class_name, []).append(each.overlap_t)
    classes = [np.concatenate(each) for each in by_class.values()]
    return TrackingScores(
        frames=pooled_t.size,
        average_overlap=float(pooled_t.mean()),
        success_50=_above(pooled_t, 0.5),
        success_75=_above(pooled_t, 0.75),
        class_overlap=_mean(each.mean() for each in classes),
        class_50=_mean(_above(each, 0.5) for each in classes),
        class_75=_mean(_above(each, 0.75) for each in classes),
        success_curve=tuple(map(float, success_curve(pooled_t))),
    )


def tracking_speed(seconds: Mapping[str, ArrayLike]) -> Speed | None:
    """The speed over the frames of all sequences; times that are 0 or NaN do not count."""
    times = [np.asarray(each, dtype=np.float64).ravel() for each in seconds.values()]
    times_t = np.concatenate(times) if times else np.empty(0)
    times_t = times_t[np.isfinite(times_t) & (times_t > 0)]
    if not times_t.size:
        return None
    return Speed(float((1 / times_t).mean()), float(times_t.size / times_t.sum()))


def _above(overlap_t: Array, rate: float) -> float:
    return float((overlap_t > rate).mean())


def _mean(values: Iterable[float | np.floating]) -> float:
    return float(np.mean(list(values)))


def _rows(boxes: ArrayLike) -> NDArray[np.float64]:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _clipped(boxes_t4: Array, size: tuple[float, float]) -> Array:
    corner_t2 = np.clip(boxes_t4[:, :2], 0, size)
    return np.hstack([corner_t2, np.clip(boxes_t4[:, 2:], 0, np.asarray(size) - corner_t2)])
