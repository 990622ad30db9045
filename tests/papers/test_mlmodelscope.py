"""MLModelScope: figures of the papers and of their published code that can be checked here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from paper_figures import require_agreement

from dlscope.api import study_preprocessing
from dlscope.core.stats import trimmed_mean
from dlscope.metrics.boxes import box_iou


def _mean_of(values: list[int]) -> float:
    return float(trimmed_mean(np.sort(np.array(values, dtype=np.float64))))


def _iou(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    return float(box_iou(np.array([a], dtype=float), np.array([b], dtype=float))[0, 0])


COMPUTED = {
    "trimmed_mean": lambda: _mean_of([100, 1, 2, 9, 8, 7, 6, 5, 4, 3]),
    "trimmed_mean_of_four": lambda: _mean_of([1, 2, 3, 10]),
    "disjoint_boxes": lambda: _iou((0, 0, 10, 10), (20, 20, 30, 30)),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "mlmodelscope", "mlmodelscope-at-scale")


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
