"""Pixel accuracy and mean intersection over union of class masks.

prediction  {"mask": [H][W] class indices}
target      {"mask": [H][W] class indices, "ignore": class index (optional)}
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import average, exact
from dlscope.metrics.reading import malformed, prediction_field, target_field

Mask = NDArray[np.int64]
_NO_ANSWER = -1


def segmentation(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`pixel_accuracy` (mean over items) and `mean_iou` (over classes, all pixels pooled).

    IoU of class k = |truth = k and predicted = k| / |truth = k or predicted = k|, averaged over
    the classes present in truth or prediction. The pixels of a failed item are all wrong. `n` of
    `mean_iou` is the number of classes. Pixels of the class `ignore` are not counted.
    """
    pairs = [_pixels(item) for item in items]
    accuracies = [float((truth == got).mean()) for truth, got in pairs if truth.size]
    if not accuracies:
        return ()
    truth = np.concatenate([pair[0] for pair in pairs])
    got = np.concatenate([pair[1] for pair in pairs])
    classes = [int(k) for k in np.union1d(truth, got) if k != _NO_ANSWER]
    ious = [_iou(truth == k, got == k) for k in classes]
    return (
        average("pixel_accuracy", accuracies),
        exact("mean_iou", float(np.mean(ious)), len(ious)),
    )


def _iou(truth: NDArray[np.bool_], got: NDArray[np.bool_]) -> float:
    return float((truth & got).sum() / (truth | got).sum())


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
