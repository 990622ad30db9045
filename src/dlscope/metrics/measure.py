"""`measure`: the default metrics of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlscope.core.errors import MeasurementError
from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.classification import classification
from dlscope.metrics.detection import detection
from dlscope.metrics.embedding import embedding
from dlscope.metrics.scalar import scalar
from dlscope.metrics.segmentation import segmentation

TASKS: Mapping[str, Callable[[Sequence[ItemResult]], tuple[Metric, ...]]] = {
    "file_type": classification,
    "image_classification": classification,
    "object_detection": detection,
    "raw": scalar,
    "semantic_segmentation": segmentation,
    "text_embedding": embedding,
    "voice_activity": scalar,
}


def measure(task: str, items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """The metrics of `task` over the items that have a target; none when no item has one.

    Failed items count as wrong. A metric that the items do not determine is left out, never 0.
    Raises `MeasurementError` for a task without metrics, `DataError` for a malformed item.
    """
    if task not in TASKS:
        raise MeasurementError(
            f"there is no accuracy metric for task {task!r}",
            where=f"task {task}",
            fix=f"use one of {', '.join(TASKS)}",
        )
    labelled = [item for item in items if item.target]
    return TASKS[task](labelled) if labelled else ()
