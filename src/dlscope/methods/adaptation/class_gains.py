"""What a row gains over another in each class, with the interval over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlscope.core.table import Cell, Column, Table
from dlscope.data.scene_classes import CLASSES, NAMES
from dlscope.methods.adaptation.paired import difference, difference_columns

Result = Mapping[str, Any]

BY_CLASS = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("class", "str", "class", role="id"),
    Column("kind", "str", "stuff or thing"),
    Column("iou", "float", "IoU on the target, mean over seeds", "%", role="value"),
)
GAINS = (
    Column("kind", "str", "stuff or thing"),
    Column("class", "str", "class", role="id"),
    Column("source", "float", "IoU of the source alone, mean over seeds", "%", role="value"),
    Column("adapted", "float", "IoU of the adapted network, mean over seeds", "%", role="value"),
    *difference_columns(
        "gain",
        "mean difference of the seeds that both have",
        seeds="seeds in which both have the class",
    ),
)


def class_table(results: Sequence[Result]) -> Table:
    """IoU of each class by row, over the seeds in which the class is to be seen."""
    records = [
        {
            "row": row,
            "class": NAMES[class_id],
            "kind": CLASSES[class_id].kind,
            "iou": _mean(_by_seed(results, row, class_id)),
        }
        for row in dict.fromkeys(each["row"] for each in results)
        for class_id in range(len(CLASSES))
    ]
    return Table.of("iou_by_class", BY_CLASS, records)


def gain_table(results: Sequence[Result], row: str, against: str = "source") -> Table:
    """`row` beside `against` in each class, stuff first, then things; what gains most first."""
    records = [_gain(results, row, against, class_id) for class_id in range(len(CLASSES))]
    order = sorted(
        (each for each in records if each is not None),
        key=lambda each: (str(each["kind"]), -float(each["gain"] or 0)),
    )
    return Table.of("gain_by_class", GAINS, order)


def _gain(
    results: Sequence[Result], row: str, against: str, class_id: int
) -> Mapping[str, Cell] | None:
    ours, theirs = _by_seed(results, row, class_id), _by_seed(results, against, class_id)
    found = difference(ours, theirs)
    if found is None:
        return None
    return {
        "kind": CLASSES[class_id].kind,
        "class": NAMES[class_id],
        "source": _mean(theirs),
        "adapted": _mean(ours),
        **found.cells("gain"),
    }


def _by_seed(results: Sequence[Result], row: str, class_id: int) -> dict[int, float]:
    """IoU in percent of the seeds in which the class is to be seen."""
    return {
        each["seed"]: 100 * each["iou"][class_id]
        for each in results
        if each["row"] == row and each["iou"][class_id] is not None
    }


def _mean(values: Mapping[int, float]) -> float | None:
    return float(np.mean(list(values.values()))) if values else None
