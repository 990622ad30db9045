"""One change to a list of steps each: the parts of which variants of a model are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlscope.core.errors import PlanError
from dlscope.core.manifest import InputSpec, ModelManifest, StepSpec

Steps = tuple[StepSpec, ...]
StepChange = Callable[[Steps], Steps | None]
"""New steps, or None where the change does not apply."""


def image_input(model: ModelManifest) -> tuple[int, InputSpec]:
    """The first image input of `model` and its place. Raises `PlanError` when there is none."""
    for index, spec in enumerate(model.inputs):
        if spec.type == "image":
            return index, spec
    raise PlanError(
        f"{model.name} takes no image, so there is no picture pipeline to vary",
        where=f"model {model.name}, inputs",
        fix="choose a model with an image input (see `dlscope models`)",
    )


def with_image_input(model: ModelManifest, **changes: Any) -> ModelManifest:
    """`model` with fields of its image input changed. Raises `PlanError` as `image_input`."""
    index, image = image_input(model)
    inputs = [*model.inputs]
    inputs[index] = image.model_copy(update=changes)
    return model.model_copy(update={"inputs": tuple(inputs)})


def step(name: str, **parameters: Any) -> StepSpec:
    """The step `name` with `parameters`."""
    return StepSpec(name=name, parameters=parameters)


def has_step(steps: Steps, name: str) -> bool:
    """Whether a step called `name` is among `steps`."""
    return any(each.name == name for each in steps)


def setting(name: str, **parameters: Any) -> StepChange:
    """Change parameters of the step `name`."""

    def change(steps: Steps) -> Steps | None:
        if not has_step(steps, name):
            return None
        return tuple(
            each.model_copy(update={"parameters": {**each.parameters, **parameters}})
            if each.name == name
            else each
            for each in steps
        )

    return change


def replacing(name: str, *others: StepSpec) -> StepChange:
    """Put `others` (none to drop it) in the place of the step `name`."""

    def change(steps: Steps) -> Steps | None:
        if not has_step(steps, name):
            return None
        return tuple(new for each in steps for new in (others if each.name == name else (each,)))

    return change


def preceding(name: str, *others: StepSpec) -> StepChange:
    """Put `others` before the step `name`."""

    def change(steps: Steps) -> Steps | None:
        if not has_step(steps, name):
            return None
        return tuple(
            new for each in steps for new in ((*others, each) if each.name == name else (each,))
        )

    return change
