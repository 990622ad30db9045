"""`NewAxis`: an axis of one entry, for networks that want sound or pictures to have channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, final

import numpy as np
from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.requirements import ARRAYS, require_kind


@final
class NewAxis(Step):
    """The same entries with one more axis of size 1, `axis`, the first or the last."""

    step: ClassVar[str] = "new_axis"
    axis: Annotated[str, Field(pattern="^[A-Z]$")] = "C"
    place: Literal["first", "last"] = "last"

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, *ARRAYS)
        if self.axis in spec.axes or self.axis == "N":
            raise self._refuse(
                f"there is an axis {self.axis} already, got {spec}"
                if self.axis in spec.axes
                else "N is the batch, which is added later",
                "choose another letter",
            )
        return replace(spec, axes=self._with(spec.axes, self.axis), shape=self._sizes(spec.shape))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        place = 0 if self.place == "first" else -1
        array = np.expand_dims(as_array(value), place)
        return value.with_data(array, axes=self._with(value.axes, self.axis))

    def _with(self, axes: str, axis: str) -> str:
        return axis + axes if self.place == "first" else axes + axis

    def _sizes(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (1, *shape) if self.place == "first" else (*shape, 1)
