from __future__ import annotations

import pytest

from dlscope.core.errors import DataError, PlanError
from dlscope.core.trace import Level
from dlscope.methods.evaluation.planning import plan_experiment


def test_measures_accuracy_and_speed_in_one_run(carry_out, plan) -> None:
    run = carry_out(plan)
    assert (run.id, run.plan, run.status, run.error) == ("r-1", plan, "finished", None)
    assert [stage.name for stage in run.stages] == ["import", "fetch", "load", "first prediction"]
    assert all(stage.duration_ns > 0 for stage in run.stages)
    assert len(run.samples) == 5
    top_1 = run.metric("top_1")
    assert (top_1.count, top_1.n) == (8, 8)
    assert run.memory_bytes["peak"] >= run.memory_bytes["baseline"] > 0
    assert run.framework_report["graph_bytes"] > 0
    assert run.framework_report["precision"] == "float32"


def test_tells_each_condition(carry_out, plan) -> None:
    conditions = {each.name: each for each in carry_out(plan).conditions}
    assert list(conditions) == [
        "minimum duration",
        "minimum queries",
        "every query answered",
        "interference",
        "failed items",
    ]
    assert conditions["failed items"].measured == "0 of 8"
    assert conditions["minimum queries"].holds


def test_a_framework_that_fails_makes_the_run_invalid(carry_out, ask) -> None:
    options = {"fail_every": 3}  # the first prediction and the warm-up are two
    asked = ask(frameworks=[{"name": "mock", "options": options}])
    run = carry_out(plan_experiment(asked).plans[0])
    assert run.status == "finished"
    assert not run.is_valid
    broken = {each.name for each in run.conditions if not each.holds}
    assert broken >= {"every query answered", "failed items"}
    assert run.metric("top_1").n == 8


def test_accuracy_alone_measures_no_query(carry_out, plan, changed) -> None:
    run = carry_out(changed(plan, mode="accuracy"))
    assert (len(run.samples), len(run.items)) == (0, 8)
    assert [each.name for each in run.conditions] == ["failed items"]


def test_performance_alone_answers_no_item(carry_out, plan, changed) -> None:
    run = carry_out(changed(plan, mode="performance"))
    assert (len(run.samples), run.items, run.metrics) == (5, (), ())


def test_only_the_first_items_asked_for_are_answered(carry_out, plan) -> None:
    run = carry_out(plan.model_copy(update={"items": 3}))
    assert [item.item for item in run.items] == ["picture_000_0", "picture_001_1", "picture_002_2"]


def test_a_run_that_was_stopped_is_aborted_and_has_no_accuracy(carry_out, plan) -> None:
    run = carry_out(plan, should_stop=lambda: True)
    assert (run.status, run.metrics, run.is_valid) == ("aborted", (), False)
    assert len(run.items) == 1


def test_spans_are_as_deep_as_planned(carry_out, plan) -> None:
    none = carry_out(plan.model_copy(update={"trace_level": int(Level.NONE)}))
    assert len(none.trace) == 0


def test_each_step_before_the_model_is_a_span(carry_out, plan, changed) -> None:
    names = {span.name for span in carry_out(changed(plan, mode="accuracy")).trace}
    assert names >= {"decode", "resize", "normalize", "predict"}


def test_progress_is_told(carry_out, plan) -> None:
    told: list[dict] = []
    carry_out(plan, progress=told.append)
    assert told[0] == {"step": "load", "share": 0.0}
    assert {event["step"] for event in told} >= {"load", "accuracy"}


def test_a_file_that_changed_since_planning_is_refused(carry_out, plan) -> None:
    stale = plan.model_copy(update={"assets": {"graph": "0" * 64}})
    actual = plan.assets["graph"]
    with pytest.raises(DataError) as caught:
        carry_out(stale)
    assert caught.value.describe() == (
        f"DataError: asset 'graph' is {actual}, the plan was made with {'0' * 64}\n"
        "  where  colors, assets.graph\n"
        "  fix    run the command again: it plans with the files as they are now"
    )


def test_a_plan_of_another_workload_is_refused(carry_out, plan) -> None:
    with pytest.raises(PlanError, match="the plan is for workload 'training', not 'evaluation'"):
        carry_out(plan.model_copy(update={"workload": "training"}))
