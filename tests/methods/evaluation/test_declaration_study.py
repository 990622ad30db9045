from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from dlscope.core.manifest import ExperimentManifest
from dlscope.core.run import Run
from dlscope.core.workload import Context
from dlscope.methods.evaluation.declaration_study import (
    MOST_ITEMS,
    plan_declarations,
    readings,
)
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.step_changes import step
from dlscope.methods.evaluation.variants import Variant
from dlscope.methods.evaluation.workload import Evaluation
from dlscope.testing.analyses import example_run

IMAGENET = "ImageNet mean and deviation"
PLACE = "inputs[0].preprocess"


def variants(model) -> list[tuple[str, str, str, str]]:
    run = example_run("r-1")
    told = []
    for each in readings(model):
        plan = run.plan.model_copy(update={"model": each})
        found = Variant.of(dataclasses.replace(run, plan=plan))
        assert found is not None
        told.append((found.topic, found.declares, found.tried, found.cure))
    return told


def with_steps(model, *middle, color: str = "RGB"):
    """`model` with `middle` between the cast and the transposition."""
    (image,) = model.inputs
    decode = step("decode", color=color)
    cast, transpose = step("cast", to="float32"), step("transpose", to="NCHW")
    resize = step("resize", size=[8, 8], mode="exact")
    changes = {"preprocess": (decode, resize, cast, *middle, transpose), "color_mode": color}
    return model.model_copy(update={"inputs": (image.model_copy(update=changes),)})


@pytest.fixture
def answered(plan) -> Run:
    """A Run of the small experiment with its answers."""
    run = example_run("r-1", answers=(0, 1, 2, 3), mode="performance")
    return dataclasses.replace(run, plan=plan)


def test_tries_the_other_colours_and_every_other_range(plan) -> None:
    declared = "(x − 127)/128"
    assert variants(plan.model) == [
        (
            "colour order",
            "RGB",
            "BGR",
            "set inputs[0].color_mode: BGR and decode: {color: BGR}",
        ),
        ("input range", declared, "raw 0–255", f"drop normalize from {PLACE}"),
        (
            "input range",
            declared,
            "x/255",
            "put normalize: {mean: 0, scale: 255} in the place of normalize in " + PLACE,
        ),
        (
            "input range",
            declared,
            IMAGENET,
            "put normalize: {mean: [123.675, 116.28, 103.53], scale: [58.395, 57.12, 57.375]} "
            f"in the place of normalize in {PLACE}",
        ),
    ]


def test_every_reading_is_a_whole_closed_model(plan) -> None:
    for model in readings(plan.model):
        steps = [each.name for each in model.inputs[0].preprocess]
        assert steps[0] == "decode"
        assert model.digest != plan.model.digest


def test_constants_of_channels_go_with_their_colour(plan) -> None:
    constants = step("normalize", mean=[1.0, 2.0, 3.0], scale=[4.0, 5.0, 6.0])
    other, *_ = readings(with_steps(plan.model, constants))
    (image,) = other.inputs
    normalize = next(each for each in image.preprocess if each.name == "normalize")
    assert image.color_mode == "BGR"
    assert normalize.parameters["mean"] == [3.0, 2.0, 1.0]
    assert normalize.parameters["scale"] == [6.0, 5.0, 4.0]
    ((*_, cure), *_) = variants(with_steps(plan.model, constants))
    assert cure.endswith(", mean and scale in the order of BGR")


def test_ranges_of_a_model_of_blue_first_are_turned_round(plan) -> None:
    (*_, cure) = variants(with_steps(plan.model, color="BGR"))[-1]
    assert cure == (
        "add normalize: {mean: [103.53, 116.28, 123.675], scale: [57.375, 57.12, 58.395]} "
        f"to {PLACE}, after cast"
    )


def test_a_model_without_a_range_has_no_other(plan) -> None:
    (image,) = plan.model.inputs
    steps = tuple(each for each in image.preprocess if each.name not in ("cast", "normalize"))
    bare = image.model_copy(update={"preprocess": steps})
    model = plan.model.model_copy(update={"inputs": (bare,)})
    assert [topic for topic, *_ in variants(model) if topic == "input range"] == []


def test_a_model_that_takes_no_image_has_no_readings() -> None:
    assert list(readings(example_run("r-1").plan.model)) == []


def test_a_model_whose_items_a_hook_prepares_has_no_readings(hooked) -> None:
    model = hooked("", preprocess="prepare").model
    assert list(readings(model)) == []
    assert list(readings(hooked("", postprocess="finish").model))


def test_a_manifest_from_a_file_is_tried_over_a_few_items_without_timing(ask, answered) -> None:
    plans = plan_declarations(ask(), [answered])
    assert len(plans) == 4
    assert {each.scenario.mode for each in plans} == {"accuracy"}
    assert {(each.items, each.batch_size, each.keep_outputs, each.repeat) for each in plans} == {
        (min(MOST_ITEMS, answered.plan.items), 1, 0, 0)
    }
    assert {each.framework.name for each in plans} == {"onnxruntime"}


def test_each_model_is_tried_once_whatever_frameworks_ran_it(ask, answered) -> None:
    torch = answered.plan.framework.model_copy(update={"name": "torch"})
    other = dataclasses.replace(
        answered, id="r-2", plan=answered.plan.model_copy(update={"framework": torch})
    )
    assert len(plan_declarations(ask(), [answered, other])) == 4


def named(ask, name: str) -> ExperimentManifest:
    return ask(models=[name])


def test_a_model_of_the_catalog_is_tried_only_when_its_answers_are_suspect(ask, answered) -> None:
    asked = named(ask, "efficientnet-lite0")
    assert plan_declarations(asked, [answered]) == ()
    wrong = example_run("r-2", answers=(1, 2, 3, 4, 5, 6, 7, 8, 9, 0))
    dataset = answered.plan.dataset.model_copy(update={"classes": 10})
    suspect = dataclasses.replace(
        wrong, plan=answered.plan.model_copy(update={"dataset": dataset, "items": 10})
    )
    assert len(plan_declarations(asked, [suspect])) == 4


def test_a_run_that_answered_nothing_is_not_tried(ask, answered) -> None:
    assert plan_declarations(ask(), [dataclasses.replace(answered, items=())]) == ()


def test_the_batch_is_the_one_that_the_graph_demands(ask, answered) -> None:
    (image,) = answered.plan.model.inputs
    fixed = image.model_copy(update={"shape": (2, *image.shape[1:])})
    model = answered.plan.model.model_copy(update={"inputs": (fixed,)})
    run = dataclasses.replace(answered, plan=answered.plan.model_copy(update={"model": model}))
    assert {each.batch_size for each in plan_declarations(ask(), [run])} == {2}


def test_plans_of_readings_can_be_carried_out(ask, files, tmp_path: Path, carry_out) -> None:
    document = yaml.safe_load(files.model.read_text(encoding="utf-8"))
    document["inputs"][0]["color_mode"] = "BGR"
    document["inputs"][0]["preprocess"][0] = {"decode": {"color": "BGR"}}
    changed = files.model.with_name("blue_first.yaml")
    changed.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    asked = ask(models=[str(changed)])
    run = carry_out(plan_experiment(asked).plans[0])
    assert run.metric("top_1").count == 4
    colours, *_ = plan_declarations(asked, [run])
    told = Evaluation().execute(colours, Context("r-2", tmp_path / "other"))
    assert told.metric("top_1").count == 8
