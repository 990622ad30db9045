from __future__ import annotations

import pytest
from square_images import squares

torch = pytest.importorskip("torch")

from dlscope.methods.skynet.detection_scores import evaluate_detector  # noqa: E402 - after torch
from dlscope.methods.skynet.detector_training.detector_report import (  # noqa: E402
    Evaluated,
    detector_report,
)
from dlscope.methods.skynet.detector_training.stored_detector import (  # noqa: E402
    StoredDetector,
    untrained,
)
from dlscope.reporting.text import TextRenderer  # noqa: E402

IMAGES = squares(15)
STEP = {"step": 50.0, "loss": 2.0, "recall": 0.5, "rate": 1e-3, "cpu_s": 1.5, "box": 0.5}


@pytest.fixture(scope="module")
def evaluated():
    fresh = untrained("C", width=0.1, size=(48, 96))
    told = {"recipe": "iou", "iterations": 100}
    history = (STEP, {**STEP, "step": 100.0, "loss": 1.0})
    detector = StoredDetector(fresh.network, fresh.anchors, "area", told, history)
    return Evaluated("mine", detector, evaluate_detector(detector.predict, IMAGES), IMAGES)


def test_tells_scores_sizes_and_the_course_of_the_training(evaluated):
    report = detector_report([evaluated])
    scores = evaluated.scores
    row = dict(
        zip((c.name for c in report.table("detectors").columns),
            report.table("detectors").rows[0], strict=True)
    )  # fmt: skip
    assert (row["recipe"], row["iterations"], row["cpu_s"]) == ("iou", 100, 3.0)
    assert (row["mean_iou"], row["missed"]) == (scores.mean_iou, scores.missed)
    assert sum(report.table("by_area").column("images")) == len(IMAGES)
    assert list(report.table("training").column("step")) == [50, 100]
    assert report.answer.startswith(f"Mean IoU {scores.mean_iou:.3f} on 15 images, ")
    assert report.findings[0].claim.startswith("mine: most of what is lost is ")


def test_detectors_stand_beside_one_another(evaluated):
    other = Evaluated("other", evaluated.detector, evaluated.scores, IMAGES)
    report = detector_report([evaluated, other])
    assert report.table("detectors").column("detector") == ("mine", "other")
    assert len(report.findings) == 2
    text = TextRenderer().report(report, width=100, color=False, encoding="utf-8", all=True)
    assert "mine" in text
