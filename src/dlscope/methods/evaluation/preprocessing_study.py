"""The pre-processing study: change one step at a time, see what it costs (MLModelScope, 9.1).

Each variant is the declared model with one change, planned and stored like any other Run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlscope.core.manifest import ModelManifest
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.step_changes import (
    StepChange,
    Steps,
    image_input,
    preceding,
    replacing,
    setting,
    step,
    with_image_input,
)
from dlscope.metrics.agreement import agreement

_NumberedRow = tuple[int, Mapping[str, Cell]]
REFERENCE = "reference"

_COLUMNS = (
    Column("change", "str", "the one thing that differs from the declared steps"),
    Column("n", "int", "items of the data set", role="count", priority=2),
    Column("top_1_count", "int", "items whose best answer is right", role="count"),
    Column("top_1", "float", "their share", "share", "value", 2, "top_1_lo", "top_1_hi"),
    Column("top_1_lo", "float", "lower end of the Wilson interval", "share", "interval", 2),
    Column("top_1_hi", "float", "upper end of the Wilson interval", "share", "interval", 2),
    Column("top_5_count", "int", "items right among five answers", role="count"),
    Column("mean_p_label", "float", "mean probability given to the right class", role="value"),
    Column("same_top_1", "float", "same best answer as the declared steps", "share", "share", 2),
    Column("max_abs_change", "float", "largest change of a raw output", role="share"),
    Column("run", "str", "id of the Run", role="id", priority=3),
    Column("reason", "str", "why there is no answer", priority=3),
)


@dataclass(frozen=True)
class Change:
    """One change: what it does to the steps, None where it does not apply.

    `name` may mention `{size}`, `{side}`, `{mean}` and `{scale}` of the declared steps.
    """

    name: str
    steps: StepChange
    color_mode: str | None = None

    def applied(self, model: ModelManifest) -> ModelManifest | None:
        """`model` with this change in its image input, None where there is nothing to change."""
        _, image = image_input(model)
        steps = self.steps(image.preprocess)
        if steps is None or (steps == image.preprocess and self.name != REFERENCE):
            return None
        update: dict[str, Any] = {"preprocess": steps}
        if self.color_mode is not None:
            update["color_mode"] = self.color_mode
        return with_image_input(model, **update)


def changed_models(model: ModelManifest) -> Iterator[tuple[str, ModelManifest]]:
    """Each change that applies to `model`, by name, the reference first.

    Raises `PlanError` when the model takes no image.
    """
    others = BOX_CHANGES if model.task == "object_detection" else ()
    for change in (*CHANGES, *others):
        changed = change.applied(model)
        if changed is not None:
            yield change.name.format(**_words(model)), changed


def study_table(runs: Mapping[str, Run]) -> Table:
    """What each change does to the answers; `runs` by name of the change."""
    reference = runs[REFERENCE]
    return Table.of(
        "preprocessing_study",
        _COLUMNS,
        [_record(name, run, reference) for name, run in runs.items()],
        title="Pre-processing, one change at a time",
        note=(
            f"{reference.plan.model.name} on {reference.plan.dataset.name} through "
            f"{reference.plan.framework.name}; Wilson intervals."
        ),
    )


def study_findings(table: Table) -> tuple[Finding, ...]:
    """What the changes cost, and what hides it; nothing without a reference that answered."""
    answered = [(i, row) for i, row in enumerate(table) if row["top_1_count"] is not None]
    if not answered or answered[0][1]["change"] != REFERENCE:
        return ()
    (_, reference), *changes = answered
    return (
        *_cost(table, changes, reference),
        *_worst(table, changes, reference),
        *_hidden(table, changes, reference),
    )


def _record(name: str, run: Run, reference: Run) -> Mapping[str, Cell]:
    if run.error is not None or not reference.items:
        reason = run.error["what"] if run.error is not None else "the reference has no answers"
        return {"change": name, "run": run.id, "reason": reason}
    top_1, top_5, mean_p = (run.metric(key) for key in ("top_1", "top_5", "mean_p_label"))
    same = agreement(reference.items, run.items)
    return {
        "change": name,
        "n": len(run.items),
        "top_1_count": top_1.count if top_1 else None,
        "top_1": top_1.value if top_1 else None,
        "top_1_lo": top_1.lo if top_1 else None,
        "top_1_hi": top_1.hi if top_1 else None,
        "top_5_count": top_5.count if top_5 else None,
        "mean_p_label": mean_p.value if mean_p else None,
        "same_top_1": same.top_1.value if same.top_1 else None,
        "max_abs_change": same.max_abs_difference,
        "run": run.id,
    }


def _cost(
    table: Table, changes: Sequence[_NumberedRow], reference: Mapping[str, Cell]
) -> Iterator[Finding]:
    for index, row in changes:
        before, after = _right(reference), _right(row)
        if row["change"] == "BGR for RGB" and after < before:
            p_before, p_after = (float(each["mean_p_label"] or 0) for each in (reference, row))
            yield Finding(
                "warn",
                f"BGR for RGB would cost {before - after} of {before} right answers",
                table.name,
                (0, index),
                f"{before} → {after} of {reference['n']}; "
                f"mean p(label) {p_before:.2f} → {p_after:.2f}",
            )


def _worst(
    table: Table, changes: Sequence[_NumberedRow], reference: Mapping[str, Cell]
) -> Iterator[Finding]:
    worse = [(index, row) for index, row in changes if _right(row) < _right(reference)]
    if worse:
        index, row = min(worse, key=lambda each: (_right(each[1]), -each[0]))
        yield Finding(
            "warn",
            f"Worst: {row['change']}",
            table.name,
            (0, index),
            f"{_right(reference)} → {_right(row)} of {reference['n']} right",
        )


def _hidden(
    table: Table, changes: Sequence[_NumberedRow], reference: Mapping[str, Cell]
) -> Iterator[Finding]:
    """Changes that alter outputs without altering the count: accuracy alone would miss them."""
    hidden = {
        index: str(row["change"])
        for index, row in changes
        if _right(row) == _right(reference) and float(row["max_abs_change"] or 0) > 0
    }
    if hidden:
        yield Finding(
            "note",
            f"{len(hidden)} of {len(changes)} changes leave the count as it is",
            table.name,
            tuple(hidden),
            f"{', '.join(hidden.values())}: the outputs differ all the same, "
            "so agreement tells more than accuracy",
        )


def _right(row: Mapping[str, Cell]) -> int:
    return int(row["top_1_count"] or 0)


def _words(model: ModelManifest) -> Mapping[str, str]:
    """The declared size and constants, for the names of changes."""
    steps = {each.name: each.parameters for each in image_input(model)[1].preprocess}
    size = steps.get("resize", {}).get("size") or ("?", "?")
    normalize = steps.get("normalize", {})
    return {
        "size": "×".join(map(str, size)) if isinstance(size, (list, tuple)) else str(size),
        "side": str(size[0]) if isinstance(size, (list, tuple)) else str(size),
        "mean": _constant(normalize.get("mean", "?")),
        "scale": _constant(normalize.get("scale", "?")),
    }


def _constant(value: Any) -> str:
    """A number, or one for each channel, as short as it can be said."""
    numbers = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in numbers)


def _top_left(steps: Steps) -> Steps | None:
    """Cut the target size out of the top left corner instead of cropping and resizing."""
    resize = next((each for each in steps if each.name == "resize"), None)
    if resize is None:
        return None
    corner = step("crop", method="top_left", size=resize.parameters["size"])
    return tuple(corner if each is resize else each for each in steps if each.name != "crop")


def _bytewise(steps: Steps) -> Steps | None:
    """Subtract and divide in bytes, which wrap around, and only then convert to float."""
    changed = setting("normalize", arithmetic="uint8")(steps)
    return None if changed is None else replacing("cast")(changed)


CHANGES = (
    Change(REFERENCE, lambda steps: steps),
    Change("bilinear", setting("resize", method="bilinear")),
    Change("nearest", setting("resize", method="nearest")),
    Change("squash to {side} without crop", replacing("crop")),
    Change("whole centre square", setting("crop", ratio=1.0)),
    Change("top-left {size} pixels, no resize", _top_left),
    Change("BGR for RGB", preceding("cast", step("color", to="BGR")), color_mode="BGR"),
    Change(
        "ImageNet mean/std for {mean}/{scale}",
        replacing(
            "normalize",
            step("rescale", factor=1 / 255),
            step("normalize", mean=[0.485, 0.456, 0.406], scale=[0.229, 0.224, 0.225]),
        ),
    ),
    Change("x/255", replacing("normalize", step("rescale", factor=1 / 255))),
    Change("raw 0–255", replacing("normalize")),
    Change("NHWC bytes read as NCHW", setting("transpose", reinterpret=True)),
    Change("centre crop of half the side", setting("crop", ratio=0.5)),
    Change("normalise in byte arithmetic", _bytewise),
)
BOX_CHANGES = (
    Change("bicubic", setting("resize", method="bicubic")),
    Change("area", setting("resize", method="area")),
)
"""Further filters, for models whose boxes depend on every pixel of an edge."""
