"""How detectors do on the same images, as a report: overlap, by size of the object, pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.methods.skynet.detection_scores import AREAS, DetectionScores
from dlscope.methods.skynet.detector_training.detection_picture import detection_picture
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.reporting.curves import curves

if TYPE_CHECKING:
    from dlscope.methods.skynet.detector_training.stored_detector import StoredDetector

DETECTOR_COLUMNS = (
    Column("detector", "str", "where its weights are", role="id"),
    Column("network", "str", "variant, width and size of its images"),
    Column("recipe", "str", "what it was trained by"),
    Column("iterations", "int", "steps of its training", role="count"),
    Column("cpu_s", "float", "CPU time of its training, all threads", "s", role="value"),
    Column("images", "int", "images of the evaluation", role="count"),
    Column("mean_iou", "float", "mean overlap of the surest box", role="share"),
    Column("best_iou", "float", "mean overlap of the best of all positions", role="share"),
    Column("found", "float", "share of images with an overlap above 0.5", role="share"),
    Column("missed", "float", "share of images with an overlap below 0.1", role="share"),
)
AREA_COLUMNS = (
    Column("detector", "str", "where its weights are", role="id"),
    Column("area", "str", "share of the image that the object covers", role="id"),
    Column("images", "int", "images with such an object", role="count"),
    Column("mean_iou", "float", "mean overlap of the surest box", role="share"),
    Column("best_iou", "float", "mean overlap of the best of all positions", role="share"),
    Column("missed", "float", "share of images with an overlap below 0.1", role="share"),
)
TRAINING_COLUMNS = (
    Column("detector", "str", "where its weights are", role="id"),
    Column("step", "int", "steps so far", role="count"),
    Column("loss", "float", "mean loss of the steps since the last row", role="value"),
    Column("recall", "float", "share of boxes found, overlap above 0.5", role="share"),
    Column("rate", "float", "learning rate", role="value"),
    Column("cpu_s", "float", "CPU time since the last row", "s", role="value"),
    Column("x", "float", "part of the loss: column, recipe region", role="value", priority=2),
    Column("y", "float", "part of the loss: row, recipe region", role="value", priority=2),
    Column("w", "float", "part of the loss: width, recipe region", role="value", priority=2),
    Column("h", "float", "part of the loss: height, recipe region", role="value", priority=2),
    Column("conf", "float", "part of the loss: confidence, recipe region", priority=2),
    Column("box", "float", "part of the loss: overlap, recipe iou", role="value", priority=2),
    Column("sure", "float", "part of the loss: sureness, recipe iou", role="value", priority=2),
    Column("rank", "float", "part of the loss: choice of position, recipe iou", priority=2),
)
UNREADABLE_COLUMNS = (
    Column("problem", "str", "an image that cannot be read, with its number, and why", role="id"),
)


@final
@dataclass(frozen=True)
class Evaluated:
    """A detector, what it is called, its scores, and the images as it takes them."""

    name: str
    detector: StoredDetector
    scores: DetectionScores
    images: PreparedImages


def detector_report(
    evaluated: Sequence[Evaluated], *, prepared: Sequence[PreparedImages] = (), command: str = ""
) -> Report:
    """Tables `detectors`, `by_area` and `training`, and detections drawn on images.

    Of all images that were `prepared`, those to train with included, `unreadable` lists what could
    not be read.
    """
    detectors = Table.of("detectors", DETECTOR_COLUMNS, map(_detector_row, evaluated))
    areas = Table.of("by_area", AREA_COLUMNS, [row for each in evaluated for row in _areas(each)])
    training = Table.of(
        "training", TRAINING_COLUMNS, [row for each in evaluated for row in _history(each)]
    )
    unreadable = Table.of(
        "unreadable",
        UNREADABLE_COLUMNS,
        [{"problem": why} for each in prepared for why in each.unreadable],
    )
    warnings = [told for each in prepared for told in each.warnings]
    return Report(
        title="How well detectors find their object",
        answer=_answer(evaluated),
        tables=(detectors, areas, training, unreadable),
        findings=tuple(_missing(each, place) for place, each in enumerate(evaluated)),
        sections=(
            Section("Detectors", (detectors, Prose(_MEANING))),
            Section("By size of the object", (areas,)),
            Section("What they find", tuple(_picture(each) for each in evaluated)),
            *_training_sections(evaluated, training),
        ),
        warnings=tuple(dict.fromkeys(warnings)),
        command=command,
    )


_MEANING = (
    "Of each image the one surest box counts, as in the contest. The best of all positions says "
    "what a perfect choice among them would give."
)


def _answer(evaluated: Sequence[Evaluated]) -> str:
    best = max(evaluated, key=lambda each: each.scores.mean_iou)
    scores = best.scores
    told = (
        f"mean IoU {scores.mean_iou:.3f} on {len(scores.names)} images, "
        f"{100 * scores.found:.0f} % above 0.5, {100 * scores.missed:.0f} % missed."
    )
    return f"{best.name}: {told}" if len(evaluated) > 1 else told[0].upper() + told[1:]


def _missing(each: Evaluated, place: int) -> Finding:
    """Whether places or sides are what is lost."""
    scores = each.scores
    gap = scores.best_iou - scores.mean_iou
    lost = 1 - scores.best_iou
    where = "the choice of the place" if gap > lost else "the sides of boxes"
    return Finding(
        "note",
        f"{each.name}: most of what is lost is {where}",
        "detectors",
        (place,),
        detail=f"A perfect choice of the position gains {gap:.3f}, perfect sides {lost:.3f}.",
    )


def _detector_row(each: Evaluated) -> Mapping[str, Any]:
    scores, told = each.scores, each.detector.told
    history = each.detector.history
    return {
        "detector": each.name,
        "network": each.detector.title,
        "recipe": str(told.get("recipe") or told.get("weights") or ""),
        "iterations": int(told["iterations"]) if "iterations" in told else None,
        "cpu_s": math.fsum(figures["cpu_s"] for figures in history) if history else None,
        "images": len(scores.names),
        "mean_iou": scores.mean_iou,
        "best_iou": scores.best_iou,
        "found": scores.found,
        "missed": scores.missed,
    }


def _areas(each: Evaluated) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for area in AREAS:
        scores = each.scores.of_area(area)
        rows.append(
            {
                "detector": each.name,
                "area": area,
                "images": len(scores.names) if scores else 0,
                "mean_iou": scores.mean_iou if scores else None,
                "best_iou": scores.best_iou if scores else None,
                "missed": scores.missed if scores else None,
            }
        )
    return rows


def _history(each: Evaluated) -> list[Mapping[str, Any]]:
    names = [column.name for column in TRAINING_COLUMNS]
    return [
        {
            "detector": each.name,
            **{name: figures.get(name) for name in names[2:]},
            "step": int(figures["step"]),
        }
        for figures in each.detector.history
    ]


def _picture(each: Evaluated) -> Any:
    name = "".join(c if c.isalnum() else "_" for c in f"detections_{each.name}")
    return detection_picture(each.scores, each.images, name=name, title=each.name)


def _training_sections(evaluated: Sequence[Evaluated], training: Table) -> tuple[Section, ...]:
    if len(evaluated) != 1 or not training.rows:
        return (Section("Training", (training,)),) if training.rows else ()
    figures = (
        curves(training, "step", [("loss", "loss")], title="Loss over the training"),
        curves(training, "step", [("recall", "recall")], title="Boxes found at their positions"),
    )
    return (Section("Training", (*figures, training)),)
