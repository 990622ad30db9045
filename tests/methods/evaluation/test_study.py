from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import DlscopeError, Unsatisfiable
from dlscope.core.hook_permission import HookPermission
from dlscope.methods.evaluation.study import plan_study, study_report
from dlscope.testing.analyses import example_run
from dlscope.testing.small_experiment import write_hooked


def test_plans_differ_in_their_steps_alone(ask) -> None:
    plans = plan_study(ask())
    reference = plans["reference"]
    assert next(iter(plans)) == "reference"
    assert len({plan.digest for plan in plans.values()}) == len(plans) == 13
    for plan in plans.values():
        assert plan.model_copy(update={"model": reference.model}) == reference
        assert plan.model.outputs == reference.model.outputs


def test_the_reference_comes_with_the_changes_chosen(ask) -> None:
    assert list(plan_study(ask(), ["x/255"])) == ["reference", "x/255"]
    assert list(plan_study(ask(), ["reference", "x/255", "x/255"])) == ["reference", "x/255"]


def test_an_unknown_change_is_refused_with_the_nearest(ask) -> None:
    with pytest.raises(DlscopeError) as caught:
        plan_study(ask(), ["bilinaer"])
    assert caught.value.describe() == (
        "PlanError: there is no change 'bilinaer'\n"
        "  where  study preprocessing\n"
        "  fix    did you mean bilinear?"
    )


def test_a_framework_that_cannot_be_had_is_refused(ask) -> None:
    with pytest.raises(Unsatisfiable):
        plan_study(ask(frameworks=["onnxruntime==1.0.0"], stack="current"))


def test_a_model_whose_items_a_hook_prepares_has_no_step_to_change(ask, tmp_path: Path) -> None:
    model = write_hooked(tmp_path, "prepare = None", preprocess="prepare")
    with pytest.raises(DlscopeError) as caught:
        plan_study(ask(models=[str(model)]), permission=HookPermission.of("all"))
    assert caught.value.describe() == (
        "PlanError: a hook prepares the items of colors, so there is no step to change\n"
        "  where  model colors, hooks.preprocess\n"
        "  fix    express it as steps"
    )


def test_the_report_answers_with_the_counts() -> None:
    report = study_report(
        {"reference": example_run("r-0"), "x/255": example_run("r-1", answers=(0, 0, None))}
    )
    assert report.answer == "3 of 3 right with the declared steps, down to 1 with one step wrong."
    assert report.runs == ("r-0", "r-1")
    assert report.command == (
        "dlscope study preprocessing tiny --dataset squares --backend onnxruntime"
    )
    assert report.created_utc == "2026-03-01T12:00:00.000Z"


def test_the_report_says_so_when_nothing_was_answered() -> None:
    failed = example_run("r-0", status="failed", answers=())
    report = study_report({"reference": failed})
    assert report.answer == "No variant gave answers; the column reason says why."
