"""Pixel accuracy and intersection over union of class masks.

prediction  {"mask": [H][W] class indices}
target      {"mask": [H][W] class indices, "ignore": class index (optional)}

Axes: I items, K classes, R resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import average, resamples
from dlscope.metrics.reading import Array, malformed, prediction_field, target_field

Mask = NDArray[np.int64]
_NO_ANSWER = -1


@dataclass(frozen=True)
class _Areas:
    """Pixels per item (or resample) and class: in the truth, in the prediction, in both."""

    truth: Array
    got: Array
    both: Array

    def weighted(self, weights: NDArray[np.int64]) -> _Areas:
        """The sums over items that occur `weights` [R, I] times."""
        return _Areas(weights @ self.truth, weights @ self.got, weights @ self.both)

    def iou(self) -> Array:
        """IoU, NaN where a class is neither in the truth nor in the prediction."""
        union = self.truth + self.got - self.both
        nowhere = np.full(union.shape, np.nan)
        return np.asarray(np.divide(self.both, union, out=nowhere, where=union > 0))


def segmentation(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`mean_iou` (pixels pooled), `pixel_accuracy` (mean over items), `frequency_weighted_iou`.

    IoU of class k = |truth = k and predicted = k| / |truth = k or predicted = k|; `mean_iou` is
    its mean over the classes present in truth or prediction, `frequency_weighted_iou` weighs each
    by its share of the true pixels (Long, Shelhamer and Darrell 2015). `n` of the two is the
    number of classes, their intervals resample items. The pixels of a failed item are all wrong.
    Pixels of the class `ignore` are not counted.
    """
    pairs = [pair for pair in map(_pixels, items) if pair[0].size]
    if not pairs:
        return ()
    areas_ik = _areas(pairs)
    return (
        _pooled("mean_iou", areas_ik, _mean_iou),
        average("pixel_accuracy", [float((truth == got).mean()) for truth, got in pairs]),
        _pooled("frequency_weighted_iou", areas_ik, _frequency_weighted_iou),
    )


def _mean_iou(areas_rk: _Areas) -> Array:
    return np.asarray(np.nanmean(areas_rk.iou(), axis=-1))


def _frequency_weighted_iou(areas_rk: _Areas) -> Array:
    weighted_rk = areas_rk.truth * np.nan_to_num(areas_rk.iou())
    return np.asarray(weighted_rk.sum(axis=-1) / areas_rk.truth.sum(axis=-1))


def _pooled(name: str, areas_ik: _Areas, rule: Callable[[_Areas], Array]) -> Metric:
    n, classes = areas_ik.truth.shape
    value = float(rule(areas_ik.weighted(np.ones((1, n), dtype=np.int64)))[0])
    estimates = [rule(areas_ik.weighted(each)) for each in resamples(n, cells=classes)]
    lo, hi = np.quantile(np.concatenate(estimates), [0.025, 0.975])
    return Metric(name, value, float(lo), float(hi), classes)


def _areas(pairs: Sequence[tuple[Mask, Mask]]) -> _Areas:
    present = [np.union1d(truth, got) for truth, got in pairs]
    classes = np.unique(np.concatenate(present))
    classes = classes[classes != _NO_ANSWER]

    def counts(masks: Sequence[Mask]) -> Array:
        return np.array([_counts(mask, classes) for mask in masks], dtype=np.float64)

    return _Areas(
        counts([truth for truth, _ in pairs]),
        counts([got for _, got in pairs]),
        counts([truth[truth == got] for truth, got in pairs]),
    )


def _counts(pixels: Mask, classes: Mask) -> Mask:
    known = pixels[pixels != _NO_ANSWER]
    return np.bincount(np.searchsorted(classes, known), minlength=classes.size)


def _pixels(item: ItemResult) -> tuple[Mask, Mask]:
    truth = _mask(item, target_field(item, "mask"), "target")
    answer = prediction_field(item, "mask")
    got = np.full_like(truth, _NO_ANSWER) if answer is None else _mask(item, answer, "prediction")
    if got.shape != truth.shape:
        raise malformed(item, f"the mask is {_size(got)}, the target {_size(truth)}")
    counted = truth != item.target.get("ignore", _NO_ANSWER)
    return truth[counted], got[counted]


def _mask(item: ItemResult, value: object, what: str) -> Mask:
    try:
        mask = np.asarray(value)
    except ValueError:
        raise malformed(item, f"the mask of the {what} is ragged") from None
    if mask.ndim != 2 or mask.dtype.kind not in "iu" or (mask < 0).any():
        raise malformed(item, f"the mask of the {what} is not H×W class indices")
    return mask.astype(np.int64)


def _size(mask: Mask) -> str:
    return "×".join(map(str, mask.shape))
