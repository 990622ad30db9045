from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from dlscope.core.report import Prose
from dlscope.methods.adaptation.evaluating import DomainScores
from dlscope.methods.adaptation.options import LIGHT
from dlscope.methods.adaptation.selecting import Selected
from dlscope.methods.adaptation.trained import Trained, new_network
from dlscope.methods.adaptation.training_report import training_report
from dlscope.metrics.confusion import ConfusionMatrix


def scores(miou: float) -> DomainScores:
    """A judged network of which three classes were seen, all right."""
    matrix = ConfusionMatrix(19)
    matrix.add(np.array([0, 1, 13], np.uint8), np.array([0, 1, 13], np.uint8))
    return DomainScores(matrix, miou, miou, miou, miou, miou)


@pytest.fixture(scope="module")
def stage() -> Trained:
    return Trained(new_network(LIGHT), ({"step": 200.0, "segmentation": 0.1},), 40.0, 60.0)


def reported(stage, select="last", **trained):
    selected = None if select == "last" else scores(53.25)
    stages = {"warm_start": stage, "adv": replace(stage, **trained)}
    judged = {"warm_start": scores(48.0), "adv": scores(52.0)}
    return training_report("adv", stages, judged, select=select, selected=selected)


def told(report) -> str:
    return next(each.text for each in report.sections[0].blocks if isinstance(each, Prose))


def test_the_last_weights_are_the_headline(stage):
    report = reported(stage)
    assert report.answer == (
        "adversarial: 2 stages in 80 s of processor time; mean IoU on the target 52.0 %, "
        "48.0 % before (one seed, last weights)."
    )
    assert report.table("scores").column("weights") == ("last", "last")
    assert told(report) == "Of the last weights: no label of the target chose them."


def test_an_oracle_is_marked_wherever_its_number_is_told(stage):
    report = reported(stage, "oracle", selected=Selected("oracle", 100, {}))
    assert report.answer.endswith(
        "(one seed, last weights). Selected by oracle: by labels of the target: 53.2 %."
    )
    row = list(report.table("scores"))[-1]
    assert (row["weights"], row["step"]) == ("oracle: by labels of the target", 100)
    assert set(report.table("iou_by_class").column("weights")[-19:]) == {row["weights"]}
    assert told(report).endswith(
        "Those of the oracle were chosen by the labels that judge them here: an upper end of what "
        "selection can do, and no result of adaptation without labels."
    )


def test_a_gpu_is_told(stage):
    report = reported(stage, device="cuda:0 (NVIDIA H200)")
    assert "80 s of processor time on cpu, cuda:0 (NVIDIA H200);" in report.answer
    assert report.table("stages").column("device") == ("cpu", "cuda:0 (NVIDIA H200)")
