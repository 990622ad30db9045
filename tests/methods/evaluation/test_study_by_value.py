from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.run import Metric, Run
from dlscope.methods.evaluation.preprocessing_study import changed_models
from dlscope.methods.evaluation.study import study_report
from dlscope.methods.evaluation.study_by_value import headline, value_table
from dlscope.testing.analyses import example_run


def boxes(run_id: str, iou: float | None, **more) -> Run:
    """A Run of a detector with this mean IoU."""
    run = example_run(run_id, **more)
    model = run.plan.model.model_copy(update={"task": "object_detection"})
    plan = run.plan.model_copy(update={"model": model})
    metrics = () if iou is None else (Metric("mean_iou", iou, iou - 0.1, iou + 0.1, 3),)
    return dataclasses.replace(run, plan=plan, metrics=metrics)


RUNS = {
    "reference": boxes("r-0", 0.64),
    "bilinear": boxes("r-1", 0.41),
    "raw 0–255": boxes("r-2", 0.02),
    "area": boxes("r-3", 0.65),
    "bicubic": boxes("r-4", None, status="failed", answers=()),
}


def test_answers_of_classes_are_counted_and_others_have_a_value() -> None:
    assert headline(example_run("r-0")) is None
    assert headline(RUNS["reference"]) == "mean_iou"


def test_the_table_holds_each_change_against_the_reference(text) -> None:
    assert (
        text(value_table(RUNS, "mean_iou"), "change", "n", "metric", "value", "lost", "reason")
        == """
change     n  metric    value  lost   reason
reference  3  mean_iou  0.64   0      –
bilinear   3  mean_iou  0.41   0.23   –
raw 0–255  3  mean_iou  0.02   0.62   –
area       3  mean_iou  0.65   -0.01  –
bicubic    –  mean_iou  –      –      the graph is cut off
"""
    )


def test_the_report_names_the_filters_that_cost_something() -> None:
    report = study_report(RUNS)
    assert report.answer == (
        "mean_iou 0.640 with the declared steps, 0.020 with one step wrong: raw 0–255."
    )
    (finding,) = report.findings
    assert finding.claim == "Resized by bilinear, mean_iou falls by 0.230"
    assert (finding.rows, finding.gain) == ((0, 1), pytest.approx(-0.23))


def test_without_answers_it_says_so() -> None:
    report = study_report({"reference": boxes("r-0", None, status="failed", answers=())})
    assert report.answer == "No variant gave answers; the column reason says why."


def test_detectors_have_further_filters_to_change(plan) -> None:
    model = plan.model.model_copy(update={"task": "object_detection"})
    assert set(dict(changed_models(model))) - set(dict(changed_models(plan.model))) == {"area"}


def test_without_right_answers_the_change_of_the_outputs_is_what_there_is() -> None:
    report = study_report({name: boxes(run.id, None) for name, run in RUNS.items()})
    assert report.answer == (
        "The data set does not say what is right, so no change costs anything; max abs change "
        "tells how far it moves the outputs."
    )
