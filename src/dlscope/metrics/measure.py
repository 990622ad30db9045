"""`measure`: the metrics of a task, all of them or those that are named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dlscope.core.errors import MeasurementError, PlanError, did_you_mean
from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.classification import classification
from dlscope.metrics.detection import detection
from dlscope.metrics.embedding import embedding
from dlscope.metrics.enhancement import image_enhancement
from dlscope.metrics.language_modeling import language_modeling
from dlscope.metrics.music import music_transcription
from dlscope.metrics.question_answering import question_answering
from dlscope.metrics.scalar import scalar
from dlscope.metrics.segmentation import segmentation
from dlscope.metrics.summarization import summarization
from dlscope.metrics.tracking import object_tracking
from dlscope.metrics.transcription import speech_recognition, text_recognition


@dataclass(frozen=True)
class TaskMetrics:
    """How a task is measured: `metrics` from items, and their `names`, the headline first."""

    metrics: Callable[[Sequence[ItemResult]], tuple[Metric, ...]]
    names: tuple[str, ...]


_CLASSIFICATION = TaskMetrics(classification, ("top_1", "top_5", "mean_p_label"))
_SCALAR = TaskMetrics(scalar, ("within_tolerance", "value_max_error"))
TASKS: Mapping[str, TaskMetrics] = {
    "file_type": _CLASSIFICATION,
    "image_classification": _CLASSIFICATION,
    "image_enhancement": TaskMetrics(image_enhancement, ("psnr", "ssim", "identical")),
    "language_modeling": TaskMetrics(
        language_modeling, ("perplexity", "scored_tokens", "token_accuracy")
    ),
    "music_transcription": TaskMetrics(
        music_transcription, ("note_f1", "note_precision", "note_recall", "exact_match")
    ),
    "object_detection": TaskMetrics(
        detection,
        ("mean_iou", "recall_50", "precision_50", "extra_boxes", "map_50", "map_50_95"),
    ),
    "object_tracking": TaskMetrics(
        object_tracking,
        ("success_auc", "precision_20px", "average_overlap", "success_rate_50", "success_rate_75"),
    ),
    "question_answering": TaskMetrics(question_answering, ("exact_match", "f1")),
    "raw": _SCALAR,
    "semantic_segmentation": TaskMetrics(
        segmentation, ("mean_iou", "pixel_accuracy", "frequency_weighted_iou")
    ),
    "speech_recognition": TaskMetrics(
        speech_recognition, ("wer", "substitutions", "deletions", "insertions", "cer")
    ),
    "summarization": TaskMetrics(summarization, ("rouge_l",)),
    "text_embedding": TaskMetrics(embedding, ("pairs_within", "cosine_max_error")),
    "text_recognition": TaskMetrics(text_recognition, ("exact_match", "cer")),
    "voice_activity": _SCALAR,
}


def measure(
    task: str, items: Sequence[ItemResult], names: Collection[str] | None = None
) -> tuple[Metric, ...]:
    """The metrics of `task` over the items that have a target; none when no item has one.

    With `names` only those, in the order of the task. Failed items count as wrong, which each
    metric says for itself. A metric that the items do not determine is left out, never 0. Raises
    `MeasurementError` for a task without metrics, `DataError` for a malformed item.
    """
    if task not in TASKS:
        raise MeasurementError(
            f"there is no accuracy metric for task {task!r}",
            where=f"task {task}",
            fix=f"use one of {', '.join(TASKS)}",
        )
    labelled = [item for item in items if item.target]
    metrics = TASKS[task].metrics(labelled) if labelled else ()
    return tuple(metric for metric in metrics if names is None or metric.name in names)


def chosen(task: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that `task` has, in the order of the task."""
    return tuple(name for name in _names(task) if name in names)


def choice_problems(names: Sequence[str], tasks: Iterable[str], where: str) -> list[PlanError]:
    """What is wrong with choosing the metrics `names` for models of `tasks`.

    Every name must be a metric of at least one of the tasks, and every task must get one.
    """
    tasks = sorted(set(tasks))
    known = list(dict.fromkeys(name for task in tasks for name in _names(task)))
    problems = [
        PlanError(
            f"{name!r} is no metric of {' or '.join(tasks)}",
            where=where,
            fix=did_you_mean(name, known),
        )
        for name in names
        if name not in known
    ]
    if problems:
        return problems
    return [
        PlanError(
            f"no metric of task {task} is chosen",
            where=where,
            fix=f"add one of {', '.join(_names(task))}, or leave metrics out",
        )
        for task in tasks
        if not chosen(task, names)
    ]


def _names(task: str) -> tuple[str, ...]:
    return TASKS[task].names if task in TASKS else ()
