from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.evaluation.step_changes import (
    has_step,
    image_input,
    preceding,
    replacing,
    setting,
    step,
    with_image_input,
)
from dlscope.testing.stores import sample_plan

STEPS = (step("decode", color="RGB"), step("cast", to="float32"), step("normalize", scale=255))


def names(steps) -> list[str] | None:
    return None if steps is None else [each.name for each in steps]


def test_sets_parameters_of_one_step_and_keeps_the_others() -> None:
    changed = setting("normalize", mean=1)(STEPS)
    assert changed == (*STEPS[:2], step("normalize", scale=255, mean=1))


def test_puts_steps_in_the_place_of_another_or_drops_it() -> None:
    assert names(replacing("cast", step("flip"), step("pad"))(STEPS)) == [
        *("decode", "flip", "pad", "normalize"),
    ]
    assert names(replacing("cast")(STEPS)) == ["decode", "normalize"]


def test_puts_steps_before_another() -> None:
    assert names(preceding("cast", step("flip"))(STEPS)) == ["decode", "flip", "cast", "normalize"]


@pytest.mark.parametrize("change", [setting("crop", ratio=1), replacing("crop"), preceding("crop")])
def test_a_change_of_a_step_that_is_not_there_does_not_apply(change) -> None:
    assert change(STEPS) is None
    assert not has_step(STEPS, "crop")
    assert has_step(STEPS, "cast")


def test_finds_and_changes_the_image_among_the_inputs(plan) -> None:
    (image,) = plan.model.inputs
    vector = image.model_copy(update={"name": "vector", "type": "tensor"})
    model = plan.model.model_copy(update={"inputs": (vector, image)})
    assert image_input(model) == (1, image)
    changed = with_image_input(model, color_mode="BGR")
    assert [each.color_mode for each in changed.inputs] == [vector.color_mode, "BGR"]
    assert changed.inputs[0] == vector


def test_refuses_a_model_without_an_image() -> None:
    with pytest.raises(PlanError) as refusal:
        image_input(sample_plan().model)
    assert str(refusal.value) == (
        "PlanError: tiny takes no image, so there is no picture pipeline to vary\n"
        "  where  model tiny, inputs\n"
        "  fix    choose a model with an image input (see `dlscope models`)"
    )
