from __future__ import annotations

import pytest

from dlscope.core.errors import DataError, PlanError
from dlscope.core.hook_permission import VARIABLE
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


def test_a_tensor_may_have_another_name_in_the_manifest(carry_out, ask, files, plan) -> None:
    other_names = {"assets.graph.tensors": {"image": "x"}, "inputs.image.tensor": "image"}
    asked = ask(models=[{"name": str(files.model), "overrides": other_names}])
    run = carry_out(plan_experiment(asked).plans[0])
    assert [item.prediction for item in run.items] == [
        item.prediction for item in carry_out(plan).items
    ]


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


DARK = """
def lighten(context, data):
    if context["item"] == "picture_002_2":
        raise ValueError("too blue")
    return data

def answer(context, outputs):
    (scores,) = outputs
    best = int(scores[0].argmax())
    return [{"classes": [[best, context["item"], 1.0]]}]
"""
PLACES = {"before_preprocess": "lighten", "postprocess": "answer"}


def test_hooks_answer_and_fail_items_alone(carry_out, hooked) -> None:
    run = carry_out(hooked(DARK, **PLACES))
    assert run.status == "finished"
    assert run.items[0].prediction == {"classes": [[0, "picture_000_0", 1.0]]}
    assert [item.error for item in run.items if item.error] == [
        "the hook raised ValueError: too blue (hook before_preprocess, hooks.py, line 4)"
    ]
    assert (run.metric("top_1").count, run.metric("top_1").n) == (7, 8)
    broken = {each.name: each.measured for each in run.conditions if not each.holds}
    assert broken["failed items"] == "1 of 8"
    assert not run.is_valid


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential", "stream"])
def test_hooks_run_in_every_pipeline(carry_out, hooked, changed, pipeline: str) -> None:
    code = "def answer(context, data): return [{'classes': [[3, None, 1.0]]}]"
    run = carry_out(changed(hooked(code, postprocess="answer"), pipeline=pipeline, batch_size=3))
    assert (run.metric("top_1").count, run.samples.ok.all()) == (2, True)


def test_the_time_of_hooks_is_a_stage_and_spans_of_their_own(carry_out, hooked) -> None:
    run = carry_out(hooked(DARK, **PLACES))
    assert [stage.name for stage in run.stages] == [
        "import",
        "hooks",
        "fetch",
        "load",
        "first prediction",
    ]
    spans = {span.id: span for span in run.trace}
    hooks = [span for span in run.trace if span.name.startswith("hook ")]
    assert {(span.name, spans[span.parent_id].name, span.level) for span in hooks} == {
        ("hook before_preprocess", "preprocess", Level.PIPELINE),
        ("hook postprocess", "postprocess", Level.PIPELINE),
    }


def test_the_permission_is_asked_for_again_where_the_code_would_run(
    carry_out, hooked, monkeypatch
) -> None:
    plan = hooked("raise RuntimeError('this must not run')", preprocess="prepare")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PlanError, match="wants to run code of its own"):
        carry_out(plan)


def test_a_hook_that_fails_every_item_is_told_as_the_reason(carry_out, hooked) -> None:
    with pytest.raises(DataError) as caught:
        carry_out(hooked("def prepare(context, data): return 1 / 0", preprocess="prepare"))
    assert caught.value.what == (
        "no item of the data set can be prepared: the hook raised ZeroDivisionError: division by "
        "zero (hook preprocess, hooks.py, line 1)"
    )


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
