"""The study of a declaration: would the model answer better if its input meant something else?

A manifest that declares the wrong colour order or input range is evaluated as it stands; other
readings of it are then tried over a few items. Shifts of the labels need no further Run (see the
analysis `declaration`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlscope.catalog.finder import find
from dlscope.core.errors import PlanError, Problems
from dlscope.core.manifest import ExperimentManifest, ModelManifest, StepSpec
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.core.trace import Level
from dlscope.methods.evaluation.analyses.answers import label_of
from dlscope.methods.evaluation.analyses.suspicion import suspicions
from dlscope.methods.evaluation.input_range import (
    RANGES,
    Affine,
    InputRange,
    declared_range,
    with_range,
)
from dlscope.methods.evaluation.resolving import close_model
from dlscope.methods.evaluation.scenarios import resolve_scenario
from dlscope.methods.evaluation.step_changes import Steps, has_step, image_input, with_image_input
from dlscope.methods.evaluation.variants import Variant, as_declared
from dlscope.pipelines.chain import check_inputs

MOST_ITEMS = 20
_TASK = "image_classification"
_SWAPPED = {"RGB": "BGR", "BGR": "RGB"}


def plan_declarations(asked: ExperimentManifest, runs: Sequence[Run]) -> tuple[Plan, ...]:
    """Plans of other readings of each model that comes from a file, or whose answers are suspect.

    Each is answered by the framework of one Run: a suspect one, else the first that answered.
    """
    from_files = set(_names_from_files(asked))
    suspect = suspicions(runs)
    plans: list[Plan] = []
    seen: set[str] = set()
    for run in sorted(_labelled(runs), key=lambda each: each.id not in suspect):
        name = run.plan.model.name
        if name not in seen and (name in from_files or run.id in suspect):
            seen.add(name)
            plans.extend(_plan(run, model) for model in readings(run.plan.model))
    return tuple(plans)


def readings(model: ModelManifest) -> Iterator[ModelManifest]:
    """`model` with another colour order, then with each other input range that fits its steps."""
    if all(spec.type != "image" for spec in model.inputs) or model.has_hook("preprocess"):
        return
    for variant, changed in (*_other_color(model), *_other_ranges(model)):
        try:
            closed = close_model(changed)
            check_inputs(closed)
        except (PlanError, Problems):
            continue
        yield variant.marked(closed)


def _names_from_files(asked: ExperimentManifest) -> Iterator[str]:
    for reference in asked.models:
        if reference.name.endswith((".yaml", ".yml")):
            yield find("models", reference).name


def _labelled(runs: Sequence[Run]) -> Iterator[Run]:
    for run in as_declared(runs):
        if run.plan.model.task == _TASK and any(label_of(item) is not None for item in run.items):
            yield run


def _plan(run: Run, model: ModelManifest) -> Plan:
    """`run` over its first items with `model` in the place of its own; nothing is timed."""
    size = model.inputs[0].shape[0]
    batch = size if isinstance(size, int) else 1
    scenario = resolve_scenario({"name": "online", "mode": "accuracy", "batch_size": [batch]})
    return run.plan.model_copy(
        update={
            "model": model,
            "scenario": scenario,
            "batch_size": batch,
            "items": min(MOST_ITEMS, run.plan.items),
            "trace_level": int(Level.MODEL),
            "keep_outputs": 0,
            "repeat": 0,
        }
    )


def _other_color(model: ModelManifest) -> Iterator[tuple[Variant, ModelManifest]]:
    """The other order of the same three channels; constants go with their colour."""
    index, image = image_input(model)
    declared = image.color_mode or ""
    tried = _SWAPPED.get(declared)
    if tried is None or not has_step(image.preprocess, "decode"):
        return
    cure = f"set inputs[{index}].color_mode: {tried} and decode: {{color: {tried}}}"
    if has_step(image.preprocess, "color"):
        cure += ", and drop the color step"
    steps = tuple(_recolored(each, tried) for each in image.preprocess if each.name != "color")
    if any(_has_channels(each) for each in steps):
        cure += f", mean and scale in the order of {tried}"
    variant = Variant("colour order", declared, tried, cure)
    yield variant, with_image_input(model, color_mode=tried, preprocess=steps)


def _recolored(step: StepSpec, color: str) -> StepSpec:
    changes: Mapping[str, Any] = {}
    if step.name == "decode":
        changes = {"color": color}
    if _has_channels(step):
        changes = {
            name: list(reversed(value)) if isinstance(value, (list, tuple)) else value
            for name, value in step.parameters.items()
        }
    return step.model_copy(update={"parameters": {**step.parameters, **changes}})


def _has_channels(step: StepSpec) -> bool:
    """Whether `step` normalises by constants that differ between channels."""
    constants = (step.parameters.get("mean"), step.parameters.get("scale"))
    return step.name == "normalize" and any(
        isinstance(each, (list, tuple)) and len(set(each)) > 1 for each in constants
    )


def _other_ranges(model: ModelManifest) -> Iterator[tuple[Variant, ModelManifest]]:
    """The other usual input ranges; one that is within 1 % of the declared one is the same."""
    index, image = image_input(model)
    declared = declared_range(image.preprocess)
    if declared is None:
        return
    for tried in RANGES:
        of_channels = tried.reversed() if image.color_mode == "BGR" else tried
        steps = with_range(image.preprocess, of_channels)
        if steps is not None and not _is_same(declared.affine, of_channels.affine):
            cure = _range_cure(index, image.preprocess, of_channels)
            variant = Variant("input range", declared.name, tried.name, cure)
            yield variant, with_image_input(model, preprocess=steps)


def _is_same(a: Affine, b: Affine) -> bool:
    return a.is_close(b)


def _range_cure(index: int, steps: Steps, tried: InputRange) -> str:
    place = f"inputs[{index}].preprocess"
    present = [name for name in ("rescale", "normalize") if has_step(steps, name)]
    if tried.step is None:
        return f"drop {' and '.join(present)} from {place}"
    wanted = f"normalize: {{mean: {tried.mean_text}, scale: {tried.scale_text}}}"
    if not present:
        return f"add {wanted} to {place}, after cast"
    return f"put {wanted} in the place of {' and '.join(present)} in {place}"
