from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.run import Run
from dlscope.methods.evaluation.preprocessing_study import (
    changed_models,
    study_findings,
    study_table,
)
from dlscope.methods.evaluation.resolving import close_model
from dlscope.pipelines.chain import check_inputs
from dlscope.testing.analyses import example_run


def steps_of(model, *names: str) -> list[str]:
    return [
        f"{step.name} {', '.join(f'{step.parameters.get(name)}' for name in names)}".strip()
        for step in model.inputs[0].preprocess
    ]


def changed(run: Run, **figures) -> Run:
    """`run` with the raw outputs of its items scaled, so that they differ."""
    items = tuple(
        dataclasses.replace(item, outputs={"y": item.outputs["y"] * figures["scale"]})
        for item in run.items
    )
    return dataclasses.replace(run, items=items)


def test_each_change_is_named_after_the_declared_steps(plan) -> None:
    assert list(dict(changed_models(plan.model))) == [
        "reference",
        "bilinear",
        "nearest",
        "squash to 8 without crop",
        "whole centre square",
        "top-left 8×8 pixels, no resize",
        "BGR for RGB",
        "ImageNet mean/std for 127/128",
        "x/255",
        "raw 0–255",
        "NHWC bytes read as NCHW",
        "centre crop of half the side",
        "normalise in byte arithmetic",
    ]


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ("reference", "decode crop resize cast normalize transpose"),
        ("squash to 8 without crop", "decode resize cast normalize transpose"),
        ("top-left 8×8 pixels, no resize", "decode crop cast normalize transpose"),
        ("BGR for RGB", "decode crop resize color cast normalize transpose"),
        ("ImageNet mean/std for 127/128", "decode crop resize cast rescale normalize transpose"),
        ("x/255", "decode crop resize cast rescale transpose"),
        ("raw 0–255", "decode crop resize cast transpose"),
        ("normalise in byte arithmetic", "decode crop resize normalize transpose"),
    ],
)
def test_a_change_touches_its_step_alone(plan, change: str, steps: str) -> None:
    model = dict(changed_models(plan.model))[change]
    assert [step.name for step in model.inputs[0].preprocess] == steps.split()


def test_every_changed_model_still_fits_its_input(plan) -> None:
    for model in dict(changed_models(plan.model)).values():
        check_inputs(close_model(model))


def test_everything_but_the_image_input_stays(plan) -> None:
    for model in dict(changed_models(plan.model)).values():
        assert model.model_copy(update={"inputs": plan.model.inputs}) == plan.model


def test_a_change_that_changes_nothing_is_left_out(plan) -> None:
    nearest = dict(changed_models(plan.model))["nearest"]
    assert "nearest" not in dict(changed_models(nearest))
    assert "bilinear" in dict(changed_models(nearest))


def test_a_model_without_a_picture_is_refused(plan) -> None:
    image = plan.model.inputs[0].model_copy(update={"type": "tensor"})
    model = plan.model.model_copy(update={"inputs": (image,)})
    with pytest.raises(PlanError) as caught:
        list(changed_models(model))
    assert caught.value.describe() == (
        "PlanError: colors takes no image, so there is no picture pipeline to vary\n"
        "  where  model colors, inputs\n"
        "  fix    choose a model with an image input (see `dlscope models`)"
    )


def test_the_table_holds_each_change_against_the_reference(text) -> None:
    reference = example_run("r-0")
    table = study_table(
        {
            "reference": reference,
            "bilinear": changed(example_run("r-1"), scale=1.5),
            "BGR for RGB": example_run("r-2", answers=(0, 2, 0)),
            "nearest": example_run("r-3", status="failed", answers=()),
        }
    )
    assert (
        text(table, "change", "n", "top_1_count", "top_5_count", "mean_p_label", "same_top_1")
        == """
change       n  top_1_count  top_5_count  mean_p_label  same_top_1
reference    3  3            3            0.75          1
bilinear     3  3            3            0.75          1
BGR for RGB  3  1            1            0.4167        0.3333
nearest      –  –            –            –             –
"""
    )
    assert (
        text(table, "change", "top_1", "top_1_lo", "top_1_hi", "max_abs_change", "run", "reason")
        == """
change       top_1   top_1_lo  top_1_hi  max_abs_change  run  reason
reference    1       0.4385    1         0               r-0  –
bilinear     1       0.4385    1         2               r-1  –
BGR for RGB  0.3333  0.06149   0.7923    4               r-2  –
nearest      –       –         –         –               r-3  the graph is cut off
"""
    )


def test_findings_name_the_cost_the_worst_and_what_the_count_hides() -> None:
    table = study_table(
        {
            "reference": example_run("r-0"),
            "bilinear": changed(example_run("r-1"), scale=1.5),
            "BGR for RGB": example_run("r-2", answers=(0, 2, 2)),
            "raw 0–255": example_run("r-3", answers=(1, 2, 0)),
        }
    )
    cost, worst, hidden = study_findings(table)
    assert (cost.claim, cost.rows) == ("BGR for RGB would cost 1 of 3 right answers", (0, 2))
    assert cost.detail == "3 → 2 of 3; mean p(label) 0.75 → 0.58"
    assert (worst.claim, worst.rows) == ("Worst: raw 0–255", (0, 3))
    assert worst.detail == "3 → 0 of 3 right"
    assert (hidden.claim, hidden.rows) == ("1 of 3 changes leave the count as it is", (1,))
    assert all(finding.evidence == "preprocessing_study" for finding in (cost, worst, hidden))


def test_says_nothing_where_no_change_matters() -> None:
    runs = {"reference": example_run("r-0"), "bilinear": example_run("r-1")}
    assert study_findings(study_table(runs)) == ()


def test_a_failed_change_does_not_silence_the_others() -> None:
    runs = {
        "reference": example_run("r-0"),
        "nearest": example_run("r-1", status="failed", answers=()),
        "BGR for RGB": example_run("r-2", answers=(0, 2, 2)),
    }
    cost, *_ = study_findings(study_table(runs))
    assert (cost.claim, cost.rows) == ("BGR for RGB would cost 1 of 3 right answers", (0, 2))
