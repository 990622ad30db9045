from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from dlscope.catalog.document import load_manifest
from dlscope.catalog.finder import find
from dlscope.core.errors import DlscopeError, Problems, StackError, Unsatisfiable
from dlscope.core.manifest import StackLock, StepSpec
from dlscope.core.trace import Level
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.resolving import close_model, own_dataset
from dlscope.stacks.asking import StackRequest
from dlscope.testing.small_experiment import write_yaml


def refusal(experiment) -> DlscopeError:
    with pytest.raises(DlscopeError) as caught:
        plan_experiment(experiment)
    return caught.value


def test_a_plan_is_closed(ask, files) -> None:
    (plan,) = plan_experiment(ask()).plans
    assert (plan.workload, plan.items, plan.batch_size, plan.repeat) == ("evaluation", 8, 1, 0)
    assert plan.assets == {"graph": plan.model.assets["graph"].sha256}
    assert plan.framework.version != "*"
    assert plan.framework.options["threads"] >= 1
    assert plan.scenario.name == "brief"
    source = plan.model.assets["graph"].source
    assert source == f"file:{files.model.with_name('colors.onnx').resolve()}"


def test_every_default_of_every_step_is_written_out(ask) -> None:
    steps = plan_experiment(ask()).plans[0].model.inputs[0].preprocess
    parameters = {step.name: step.parameters for step in steps}
    assert parameters["decode"]["on_truncated"] == "error"
    assert parameters["resize"]["antialias"] is True
    assert parameters["normalize"]["arithmetic"] == "float32"


def test_the_same_question_gives_the_same_plans(ask) -> None:
    first, again = (plan_experiment(ask(repeats=2)).plans for _ in range(2))
    assert [plan.digest for plan in first] == [plan.digest for plan in again]
    assert len({plan.digest for plan in first}) == 2


def test_what_changes_the_result_changes_the_digest(ask, files) -> None:
    scenario = str(files.scenario)
    resize = {"inputs.image.preprocess.2.resize.method": "nearest"}
    changes = [
        {},
        {"scenarios": [{"name": scenario, "min_queries": 6}]},
        {"scenarios": [{"name": scenario, "pipeline": "sequential"}]},
        {"datasets": [{"name": str(files.dataset), "items": 7}]},
        {"frameworks": [{"name": "onnxruntime", "options": {"graph_optimization": "disabled"}}]},
        {"frameworks": ["reference"]},
        {"models": [{"name": str(files.model), "overrides": resize}]},
    ]
    digests = [plan_experiment(ask(**change)).plans[0].digest for change in changes]
    assert len(set(digests)) == len(changes)


def test_the_matrix_is_interleaved_by_repeat(ask) -> None:
    asked = ask(
        frameworks=["onnxruntime", "reference"],
        scenarios=[{"type": "batched", "batch_size": [1, 2]}],
        repeats=2,
    )
    points = [
        (plan.repeat, plan.framework.name, plan.batch_size) for plan in plan_experiment(asked).plans
    ]
    assert points == [
        (0, "onnxruntime", 1),
        (0, "onnxruntime", 2),
        (0, "reference", 1),
        (0, "reference", 2),
        (1, "onnxruntime", 1),
        (1, "onnxruntime", 2),
        (1, "reference", 1),
        (1, "reference", 2),
    ]


def test_a_choice_of_metrics_is_part_of_the_plan(ask) -> None:
    (by_default,) = plan_experiment(ask()).plans
    (plan,) = plan_experiment(ask(metrics=["top_5", "top_1"])).plans
    assert by_default.options == {}
    assert plan.options == {"metrics": ["top_1", "top_5"]}
    assert plan.digest != by_default.digest


def test_a_metric_that_the_task_does_not_have_is_refused(ask) -> None:
    error = refusal(ask(metrics=["top_1", "map_50"]))
    assert error.describe() == (
        "PlanError: 'map_50' is no metric of image_classification\n"
        "  where  experiment small, metrics\n"
        "  fix    use one of mean_p_label, top_1, top_5"
    )


def test_takes_no_more_items_than_there_are(ask, files) -> None:
    asked = ask(datasets=[{"name": str(files.dataset), "items": 99}])
    assert plan_experiment(asked).plans[0].items == 8


def test_an_unmet_version_is_refused_and_the_rest_goes_on(ask) -> None:
    planned = plan_experiment(ask(frameworks=["onnxruntime==1.0.0", "reference"], stack="current"))
    assert [plan.framework.name for plan in planned.plans] == ["reference"]
    (refused,) = planned.refusals
    assert (refused.model, refused.framework) == ("colors", "onnxruntime@==1.0.0")
    assert refused.error.what.endswith("does not satisfy ==1.0.0 (as asked)")
    assert "pip install 'onnxruntime==1.0.0'" in refused.error.fix


def test_nothing_left_to_measure_is_an_error_with_every_reason(ask) -> None:
    error = refusal(ask(frameworks=["onnxruntime==1.0.0", "reference@>=99"], stack="current"))
    assert isinstance(error, Unsatisfiable)
    assert [problem.where for problem in error.problems] == [
        "framework onnxruntime",
        "framework reference",
    ]


def test_everything_that_is_wrong_is_told_at_once(ask) -> None:
    asked = ask(
        models=["efficientnet-lite9"],
        datasets=["imagenet-mini21"],
        frameworks=["onxruntime"],
        scenarios=["onlin"],
        trace_level="LAYR",
        memory_limit="much",
        metrics=["top_1"],
    )
    assert [problem.what for problem in refusal(asked).problems] == [
        "there is no model 'efficientnet-lite9'",
        "there is no plugin 'onxruntime' among the backends",
        "there is no dataset 'imagenet-mini21'",
        "there is no scenario 'onlin'",
        "'LAYR' is not a trace level",
        "'much' is not a size in bytes",
    ]


def test_a_stack_that_cannot_be_had_is_an_error_of_its_own(
    ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(request: StackRequest) -> NoReturn:
        raise StackError(f"there is no {request}", where="stack", fix="nearest available: 1.18.1")

    monkeypatch.setattr("dlscope.methods.evaluation.provisioning.resolve", resolve)
    error = refusal(ask(frameworks=["onnxruntime==1.18.7"]))
    assert type(error) is StackError
    several = refusal(ask(frameworks=["onnxruntime==1.18.7", "onnxruntime==1.18.9"]))
    assert type(several) is Problems
    planned = plan_experiment(ask(frameworks=["onnxruntime==1.18.7", "reference"]))
    assert [refused.error.what for refused in planned.refusals] == [
        "there is no onnxruntime==1.18.7"
    ]


def test_a_memory_limit_that_nobody_would_watch_is_refused(
    ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = StackLock(python="3.10.13", platform="any", requirements=("onnxruntime==1.18.0",))
    monkeypatch.setattr("dlscope.methods.evaluation.provisioning.resolve", lambda _: lock)
    (error,) = refusal(ask(frameworks=["onnxruntime==1.18.0"], memory_limit="1GiB")).problems
    assert error.describe() == (
        "PlanError: the memory of an isolated stack cannot be limited yet\n"
        "  where  experiment small, memory_limit\n"
        "  fix    leave memory_limit out, or use --stack current"
    )


def test_a_model_says_what_can_run_it(ask, files, tmp_path: Path) -> None:
    document = load_manifest(files.model).to_json()
    document["framework"] = [{"name": "torch"}, {"name": "reference", "version": ">=99"}]
    document["assets"]["graph"]["source"] = f"file:{files.model.with_name('colors.onnx')}"
    model = write_yaml(tmp_path / "model.yaml", document)
    error = refusal(ask(models=[str(model)], frameworks=["onnxruntime", "reference"]))
    first, second = error.problems
    assert first.what == "colors runs on torch or reference, not on onnxruntime"
    assert first.where == "model colors, framework"
    assert first.fix == "choose torch or reference"
    assert second.what.endswith("does not satisfy >=99 (model colors)")


def test_a_level_that_the_framework_does_not_show_is_refused(ask) -> None:
    error = refusal(ask(trace_level="LAYER", frameworks=["mock"]))
    assert error.problems[0].describe() == (
        "PlanError: level LAYER cannot be seen here: mock does not show it\n"
        "  where  trace_level\n"
        "  fix    ask for MODEL at most"
    )
    assert plan_experiment(ask(trace_level="LAYER")).plans[0].trace_level == Level.LAYER


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("accuracy", "it asks no queries"),
        ("find_peak", "the rate that it finds would be that of a system slowed down"),
    ],
)
def test_a_mode_in_which_a_deeper_level_means_nothing_is_refused(
    ask, files, mode: str, why: str
) -> None:
    searched = {"name": "server", "mode": mode, "latency_bound_ms": 100}
    scenario = searched if mode == "find_peak" else {"name": str(files.scenario), "mode": mode}
    error = refusal(ask(trace_level="LAYER", scenarios=[scenario]))
    assert error.describe() == (
        f"PlanError: level LAYER cannot be recorded with mode {mode}: {why}\n"
        "  where  trace_level\n"
        "  fix    choose mode performance or submission, or leave the level out"
    )


def test_an_unknown_level_is_refused(ask) -> None:
    error = refusal(ask(trace_level="MODLE"))
    assert (error.what, error.fix) == ("'MODLE' is not a trace level", "did you mean MODEL?")


def test_unknown_backends_are_told_all_at_once(ask) -> None:
    error = refusal(ask(frameworks=["onnxruntim", "onnxruntime", "opnvino"]))
    assert not isinstance(error, Unsatisfiable)
    assert [(each.what, each.fix) for each in error.problems] == [
        ("there is no plugin 'onnxruntim' among the backends", "did you mean onnxruntime?"),
        ("there is no plugin 'opnvino' among the backends", "did you mean openvino?"),
    ]


def test_options_that_a_backend_does_not_have_are_refused(ask) -> None:
    options = {"treads": 1, "threads": 0}
    error = refusal(ask(frameworks=[{"name": "onnxruntime", "options": options}]))
    assert {each.what for each in error.problems} == {
        "backend 'onnxruntime': unknown option 'treads'",
        "backend 'onnxruntime': option 'threads' is 0",
    }


def test_a_scenario_written_out_in_the_experiment_has_its_defaults(ask) -> None:
    (plan,) = plan_experiment(ask(scenarios=[{"type": "online", "min_queries": 3}])).plans
    assert (plan.scenario.min_queries, plan.scenario.warmup) == (3, 5)
    assert plan.scenario.name == "online"


def test_every_wrong_step_is_told_at_once(ask, plan) -> None:
    image = plan.model.inputs[0]
    wrong = (
        StepSpec(name="decod"),
        StepSpec(name="resize", parameters={"siz": 8}),
    )
    inputs = (image.model_copy(update={"preprocess": wrong}),)
    with pytest.raises(DlscopeError) as caught:
        close_model(plan.model.model_copy(update={"inputs": inputs}))
    assert [(each.what, each.where, each.fix) for each in caught.value.problems] == [
        ("there is no step 'decod'", "inputs[0].preprocess[0]", "did you mean decode?"),
        (
            "unknown field 'siz'",
            "inputs[0].preprocess[1].resize.siz",
            "did you mean size?",
        ),
    ]


def test_a_model_names_the_data_set_it_is_evaluated_on(files) -> None:
    assert own_dataset(find("models", "efficientnet-lite0")) == "imagenet-mini20"
    with pytest.raises(DlscopeError) as caught:
        own_dataset(find("models", str(files.model)))
    assert caught.value.describe() == (
        "PlanError: colors names no data set to be evaluated on\n"
        "  where  model colors, attributes\n"
        "  fix    give one with --dataset, or add attributes: {dataset: NAME}"
    )


def test_each_model_has_its_own_data_set_where_none_is_asked_for(ask) -> None:
    asked = ask(models=["efficientnet-lite0", "silero-vad"], frameworks=["mock"], datasets=[])
    plans = plan_experiment(asked.model_copy(update={"items": 2})).plans
    assert [(plan.model.name, plan.dataset.name, plan.items) for plan in plans] == [
        ("efficientnet-lite0", "imagenet-mini20", 2),
        ("silero-vad", "tones", 2),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placement", "all"),
        ("keep", {"predictions": 5}),
    ],
)
def test_what_an_experiment_asks_in_vain_is_refused(ask, field: str, value: Any) -> None:
    error = refusal(ask(**{field: value}))
    field = ".".join((field, *value)) if isinstance(value, dict) else field
    assert error.what == f"{field!r} can only have its default yet"
    assert error.where == f"experiment small, {field}"


@pytest.mark.parametrize(
    ("selector", "what"),
    [
        ({"labels": {"lab": "a"}}, "this machine has no label lab: a"),
        ({"device": "gpu"}, "mock runs on the cpu, not on a gpu"),
    ],
)
def test_a_system_that_is_not_here_is_refused_and_another_planned(
    ask, selector: dict[str, Any], what: str
) -> None:
    planned = plan_experiment(ask(systems=[{"device": "cpu"}, selector], frameworks=["mock"]))
    assert planned.plans
    assert [refusal.error.what for refusal in planned.refusals] == [what]


def test_a_system_with_a_gpu_has_the_model_opened_there(ask) -> None:
    pytest.importorskip("torch")
    asked = ask(systems=[{"device": "cpu"}, {"device": "gpu"}], frameworks=["torch"])
    devices = [plan.framework.options["device"] for plan in plan_experiment(asked).plans]
    assert devices == ["cpu", "gpu"]


def test_the_memory_limit_is_part_of_each_plan(ask) -> None:
    plans = plan_experiment(ask(memory_limit="1.5GiB")).plans
    assert {plan.memory_limit_bytes for plan in plans} == {3 << 29}


def test_a_memory_limit_that_is_no_size_is_refused(ask) -> None:
    error = refusal(ask(memory_limit="plenty"))
    assert str(error) == (
        "PlanError: 'plenty' is not a size in bytes\n"
        "  where  experiment small, memory_limit\n"
        "  fix    write a size such as 512MiB or 2GiB"
    )
