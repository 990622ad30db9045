"""Steps on the axes of an array: their order, their size, an array of one value.

Axes are named by the letters of the value that comes in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Self, final

import numpy as np
from pydantic import Field, model_validator

from dlscope.core.errors import PlanError
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.elements import DType, convert
from dlscope.pipelines.requirements import (
    ARRAYS,
    axis_index,
    require_axes_named,
    require_kind,
    with_size,
)

Count = Annotated[int, Field(gt=0)]


@final
class Transpose(Step):
    """The axes in another order, such as CHW; an N among them is passed over.

    `reinterpret: true` gives the same bytes other axes without moving them, which is a mistake
    worth studying and nothing else.
    """

    step: ClassVar[str] = "transpose"
    to: Annotated[str, Field(min_length=1)]
    reinterpret: bool = False

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, *ARRAYS)
        if sorted(self._axes) != sorted(spec.axes):
            raise self._refuse(
                f"{self.to} does not reorder the axes {spec.axes or '(none)'}",
                f"use the letters {', '.join(sorted(spec.axes))} once each",
            )
        order = [spec.axes.index(axis) for axis in self._axes]
        shape = tuple(spec.shape[index] for index in order)
        return replace(spec, axes=self._axes, shape=shape)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        order = [value.axes.index(axis) for axis in self._axes]
        if self.reinterpret:
            shape = [array.shape[index] for index in order]
            moved = np.ascontiguousarray(array).reshape(shape)
        else:
            moved = np.ascontiguousarray(array.transpose(order))
        return value.with_data(moved, axes=self._axes)

    @property
    def _axes(self) -> str:
        return self.to.replace("N", "")


@final
class Pad(Step):
    """`value` added at the end of each axis of `size` until it has that size.

    An item that is longer is refused, or cut when `truncate` is true.
    """

    step: ClassVar[str] = "pad"
    size: Annotated[dict[str, Count], Field(min_length=1)]
    value: float = 0.0
    truncate: bool = False

    def _infer(self, spec: Spec) -> Spec:
        for axis, size in self.size.items():
            index = axis_index(self, spec, axis)
            known = spec.shape[index]
            if known is not None and known > size and not self.truncate:
                raise self._too_long(axis, known)
            spec = replace(spec, shape=with_size(spec, index, size))
        return spec

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        shape = [
            self.size.get(axis, length)
            for axis, length in zip(value.axes, array.shape, strict=True)
        ]
        for axis, length in zip(value.axes, array.shape, strict=True):
            if length > self.size.get(axis, length) and not self.truncate:
                error = self._too_long(axis, length)
                raise self._spoiled(error.what, error.fix)
        padded = np.full(shape, self.value).astype(array.dtype)
        kept = tuple(slice(0, min(pair)) for pair in zip(shape, array.shape, strict=True))
        padded[kept] = array[kept]
        return value.with_data(padded)

    def _too_long(self, axis: str, length: int) -> PlanError:
        return self._refuse(
            f"axis {axis} has {length} entries, more than the {self.size[axis]} to pad to",
            "give a larger size, or set truncate: true",
        )


@final
class Flip(Step):
    """One axis read backwards; a picture remembers where its pixels come from."""

    step: ClassVar[str] = "flip"
    axis: str = "W"

    def _infer(self, spec: Spec) -> Spec:
        axis_index(self, spec, self.axis)
        return spec

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        index = value.axes.index(self.axis)
        flipped = value.with_data(np.ascontiguousarray(np.flip(array, index)))
        if self.axis not in "WH":
            return flipped
        place = "WH".index(self.axis)
        scale, offset = list(value.scale), list(value.offset)
        offset[place] += array.shape[index] * scale[place]
        scale[place] = -scale[place]
        return replace(flipped, scale=(scale[0], scale[1]), offset=(offset[0], offset[1]))


@final
class Tile(Step):
    """The array repeated `count` times along `axis`: one gray channel becomes three equal ones."""

    step: ClassVar[str] = "tile"
    axis: str
    count: Count

    def _infer(self, spec: Spec) -> Spec:
        index = axis_index(self, spec, self.axis)
        known = spec.shape[index]
        size = None if known is None else known * self.count
        return replace(spec, shape=with_size(spec, index, size), color=self._color(spec.color))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        tiled = np.concatenate([array] * self.count, axis=value.axes.index(self.axis))
        return value.with_data(tiled, color=self._color(value.color))

    def _color(self, color: str | None) -> str | None:
        return "RGB" if color == "GRAY" and self.axis == "C" and self.count == 3 else color


@final
class Constant(Step):
    """An array of one `value`, whatever comes in: a start state, a sampling rate."""

    step: ClassVar[str] = "constant"
    value: float = 0.0
    shape: tuple[Annotated[int, Field(ge=0)], ...] = ()
    axes: str = ""
    dtype: DType = "float32"

    @model_validator(mode="after")
    def _axes_named(self) -> Self:
        require_axes_named(self.axes, self.shape)
        return self

    def _infer(self, _spec: Spec) -> Spec:
        value = self.value
        return Spec("tensor", self.dtype, self.axes, self.shape, lo=value, hi=value)

    def _apply(self, _value: Value, _context: StepContext) -> Value:
        array = convert(np.full(self.shape, self.value), self.dtype, saturate=False)
        return Value(array, axes=self.axes)
