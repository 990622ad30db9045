"""Which picture an answer is about."""

from __future__ import annotations

from dlscope.pipelines.base import Step, StepContext, Value


def picture_input(step: Step, context: StepContext, name: str | None) -> Value:
    """The pre-processed input `name`, or the first one with height and width.

    Raises `DataError` when the item has none.
    """
    for known, value in context.inputs.items():
        if (name is None or known == name) and {"H", "W"} <= set(value.axes):
            return value
    wanted = "no picture among the inputs" if name is None else f"no picture input {name!r}"
    raise step._spoiled(f"there is {wanted}", "name an input of the model that is an image")
