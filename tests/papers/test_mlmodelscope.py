"""MLModelScope: figures of the papers and of their published code that can be checked here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from dlscope.api import study_preprocessing
from dlscope.core.stats import trimmed_mean
from dlscope.metrics.boxes import box_iou


@dataclass(frozen=True)
class PaperFigure:
    """One figure of a paper, what it is here, and where it stands."""

    figure: str
    value: float
    measured: float
    tolerance: float
    kind: Literal["exact", "trend"]
    source: str


def _mean_of(values: list[int]) -> float:
    return float(trimmed_mean(np.sort(np.array(values, dtype=np.float64))))


def _iou(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    return float(box_iou(np.array([a], dtype=float), np.array([b], dtype=float))[0, 0])


FIGURES = [
    PaperFigure(
        "trimmed mean keeps sorted[k : n−k], k = ⌊n/5⌋",
        5.5,
        _mean_of([100, 1, 2, 9, 8, 7, 6, 5, 4, 3]),
        0.0,
        "exact",
        "published code, latency summary",
    ),
    PaperFigure(
        "trimmed mean of 4 drops none; the original drops its largest",
        4.0,
        _mean_of([1, 2, 3, 10]),
        0.0,
        "exact",
        "published code, latency summary, corrected",
    ),
    PaperFigure(
        "IoU of disjoint boxes; the original gives 1",
        0.0,
        _iou((0, 0, 10, 10), (20, 20, 30, 30)),
        0.0,
        "exact",
        "published code, intersection over union, corrected",
    ),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.figure)
def test_figure(figure: PaperFigure) -> None:
    assert abs(figure.measured - figure.value) <= figure.tolerance


@pytest.mark.slow
def test_the_published_order_of_pre_processing_changes_holds(tmp_path: Path) -> None:
    """Agreement with the declared steps falls in the order measured on 300 crops (a trend).

    One photograph of 20 is 5 points, within which neighbours may tie.
    """
    order = (
        "bilinear",
        "nearest",
        "squash to 224 without crop",
        "BGR for RGB",
        "normalise in byte arithmetic",
        "NHWC bytes read as NCHW",
    )
    report = study_preprocessing("efficientnet-lite0", changes=order, store=str(tmp_path))
    table = report.table("preprocessing_study")
    same = dict(zip(table.column("change"), table.column("same_top_1"), strict=True))
    shares = [float(same[name]) for name in order]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.9
    assert shares[-1] < 0.1
