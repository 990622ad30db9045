"""Found objects: overlap, recall, precision and mean average precision.

prediction  {"boxes": [[label, score, x_min, y_min, x_max, y_max], …]}
target      {"boxes": [[x_min, y_min, x_max, y_max], …],
             "labels": [one per box], "crowd": [true or false per box]}    (both optional)

Without `labels` in the targets, labels are not compared. A crowd region is no object to be found,
and what is found inside it is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.average_precision import (
    ClassDetections,
    all_point,
    hundred_and_one_point,
    mean_over_classes,
)
from dlscope.metrics.boxes import box_iou, coverage, found
from dlscope.metrics.estimate import average, exact, resamples, share
from dlscope.metrics.reading import Array, malformed, numbers, prediction_field, target_field

COCO_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
COCO_MAX_DETECTIONS = 100
_ANY = object()

__all__ = ["box_iou", "detection"]


@dataclass(frozen=True)
class _Boxes:
    """Predictions (best first) and truths of one class in one item.

    `crowd_p` is how much of each prediction lies in a crowd region.
    """

    scores_p: Array
    iou_pt: Array
    crowd_p: Array

    def found(self, threshold: float, *, only_free: bool) -> NDArray[np.bool_]:
        return found(self.iou_pt, threshold, only_free=only_free)

    def ignored(self, threshold: float, *, only_free: bool) -> NDArray[np.bool_]:
        """Predictions that find nothing of their own, but lie in a crowd."""
        is_in_crowd = self.crowd_p >= threshold
        if not is_in_crowd.any():
            return is_in_crowd
        return is_in_crowd & ~self.found(threshold, only_free=only_free)


def detection(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`mean_iou`, `recall_50`, `precision_50`, `extra_boxes`, `map_50` and `map_50_95`.

    `mean_iou` is the mean over true boxes of their best IoU with a prediction of their class.
    Recall, precision and `extra_boxes` (predictions that find nothing) match one to one at
    IoU ≥ 0.5. `map_50` is VOC's, all points; `map_50_95` COCO's, 101 points, the best 100
    predictions of a class in an item. Their intervals resample items. A failed item finds
    nothing.
    """
    _check(items)
    classes = _classes(items)
    by_class = {name: [_boxes(item, name) for item in items] for name in classes}
    everything = [boxes for each in by_class.values() for boxes in each]
    truths = sum(boxes.iou_pt.shape[1] for boxes in everything)
    return (
        *_overlaps(everything, truths),
        *_counts(everything, truths),
        *(_average_precisions(list(by_class.values())) if truths else ()),
    )


def _overlaps(everything: Sequence[_Boxes], truths: int) -> tuple[Metric, ...]:
    best = [boxes.iou_pt.max(axis=0, initial=0.0) for boxes in everything]
    return (average("mean_iou", list(np.concatenate(best))),) if truths else ()


def _counts(everything: Sequence[_Boxes], truths: int) -> tuple[Metric, ...]:
    hits = sum(int(boxes.found(0.5, only_free=True).sum()) for boxes in everything)
    predictions = sum(int((~boxes.ignored(0.5, only_free=True)).sum()) for boxes in everything)
    recall = (share("recall_50", hits, truths),) if truths else ()
    precision = (share("precision_50", hits, predictions),) if predictions else ()
    return (*recall, *precision, exact("extra_boxes", predictions - hits, predictions))


def _average_precisions(classes: Sequence[Sequence[_Boxes]]) -> tuple[Metric, Metric]:
    voc = [_pooled(each, (0.5,), only_free=False) for each in classes]
    coco = [
        _pooled(each, COCO_THRESHOLDS, only_free=True, most=COCO_MAX_DETECTIONS) for each in classes
    ]
    return (
        _with_interval("map_50", voc, all_point),
        _with_interval("map_50_95", coco, hundred_and_one_point),
    )


def _pooled(
    items: Sequence[_Boxes],
    thresholds: tuple[float, ...],
    *,
    only_free: bool,
    most: int | None = None,
) -> ClassDetections:
    order = np.argsort(-np.concatenate([each.scores_p[:most] for each in items]), kind="stable")
    item_d = np.repeat(np.arange(len(items)), [each.scores_p[:most].size for each in items])

    def ranked(rule: Any) -> NDArray[np.bool_]:
        """What `rule` says of each prediction, at each threshold, best first over all items."""
        return np.stack(
            [
                np.concatenate([rule(each, t, only_free=only_free)[:most] for each in items])[order]
                for t in thresholds
            ]
        )

    truths = np.array([each.iou_pt.shape[1] for each in items], dtype=np.int64)
    return ClassDetections(ranked(_Boxes.found), ranked(_Boxes.ignored), item_d[order], truths)


def _with_interval(name: str, classes: Sequence[ClassDetections], rule: Any) -> Metric:
    n = classes[0].truths_i.size
    value = mean_over_classes([rule(each, np.ones((1, n), dtype=np.int64)) for each in classes])
    cells = max(each.is_found_td.size for each in classes)
    estimates = [
        mean_over_classes([rule(each, weights_ri) for each in classes])
        for weights_ri in resamples(n, cells=cells)
    ]
    lo, hi = np.quantile(np.concatenate(estimates), [0.025, 0.975])
    return Metric(name, float(value[0]), float(lo), float(hi), n)


def _check(items: Sequence[ItemResult]) -> None:
    for item in items:
        _truths(item)
        if ("labels" in item.target) != ("labels" in items[0].target):
            raise malformed(item, "some targets have labels and others have none")


def _classes(items: Sequence[ItemResult]) -> list[Any]:
    if "labels" not in items[0].target:
        return [_ANY]
    seen = {label for item in items for label in target_field(item, "labels")}
    seen |= {row[0] for item in items for row in _predicted(item)}
    return sorted(seen, key=str)


def _boxes(item: ItemResult, name: Any) -> _Boxes:
    truths = _truths(item)
    is_crowd = np.array(item.target.get("crowd", [False] * len(truths)), dtype=np.bool_)
    rows = _predicted(item)
    if name is not _ANY:
        labels = target_field(item, "labels")
        is_mine = np.array([label == name for label in labels], dtype=np.bool_)
        truths, is_crowd = truths[is_mine], is_crowd[is_mine]
        rows = [row for row in rows if row[0] == name]
    predicted = numbers(item, [row[1:] for row in rows], "a predicted box").reshape(-1, 5)
    predicted = predicted[np.argsort(-predicted[:, 0], kind="stable")]
    scores_p, boxes_p4 = predicted[:, 0], predicted[:, 1:]
    return _Boxes(
        scores_p,
        box_iou(boxes_p4, truths[~is_crowd]),
        coverage(boxes_p4, truths[is_crowd]),
    )


def _truths(item: ItemResult) -> Array:
    boxes = target_field(item, "boxes")
    if any(len(box) != 4 for box in boxes):
        raise malformed(item, "a true box is not [x_min, y_min, x_max, y_max]")
    labels = item.target.get("labels")
    if labels is not None and len(labels) != len(boxes):
        raise malformed(item, f"the target has {len(labels)} labels for {len(boxes)} boxes")
    crowd = item.target.get("crowd")
    if crowd is not None and len(crowd) != len(boxes):
        raise malformed(item, f"the target has {len(crowd)} crowd marks for {len(boxes)} boxes")
    return numbers(item, boxes, "a true box").reshape(-1, 4)


def _predicted(item: ItemResult) -> list[Sequence[Any]]:
    rows = list(prediction_field(item, "boxes") or [])
    if any(len(row) != 6 for row in rows):
        raise malformed(item, "a predicted box is not [label, score, x_min, y_min, x_max, y_max]")
    return rows
