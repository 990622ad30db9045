"""Steps on arrays of any kind: element type, scaling, order of axes, size.

Axes are named by the letters of the value that comes in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from dlscope.core.errors import PlanError
from dlscope.core.manifest.base import refuse as refuse_field
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.elements import DType, Integer, bounds, convert, is_integer
from dlscope.pipelines.requirements import (
    ARRAYS,
    axis_index,
    require_float,
    require_kind,
    with_size,
)


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, int | float) else value


PerChannel = Annotated[tuple[float, ...], BeforeValidator(_several), Field(min_length=1)]
"""One number for all channels, or one for each in the order they have at that point."""
Count = Annotated[int, Field(gt=0)]


@final
class Cast(Step):
    """The same numbers as another element type.

    From float to integer a `rounding` must be named; `saturate` clips what does not fit instead
    of keeping its low bits.
    """

    step: ClassVar[str] = "cast"
    to: DType
    rounding: Literal["none", "nearest", "truncate"] = "none"
    saturate: bool = True

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, *ARRAYS)
        if is_integer(self.to) and spec.dtype.startswith("float") and self.rounding == "none":
            raise self._refuse(
                f"cast from {spec.dtype} to {self.to} needs a rounding",
                "set rounding to nearest or truncate",
            )
        return replace(spec, dtype=self.to)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        if self.rounding != "none" and array.dtype.kind == "f":
            array = np.rint(array) if self.rounding == "nearest" else np.trunc(array)
        return value.with_data(convert(array, self.to, saturate=self.saturate))


@final
class Normalize(Step):
    """(x − mean) / scale in float32, or x / scale − mean when divided first.

    `arithmetic: uint8` exists to study the pitfall: mean and scale become uint8, the difference
    wraps around, the division drops its remainder, and only the result is float.
    """

    step: ClassVar[str] = "normalize"
    mean: PerChannel = (0.0,)
    scale: PerChannel = (1.0,)
    order: Literal["subtract_then_divide", "divide_then_subtract"] = "subtract_then_divide"
    arithmetic: Literal["float32", "uint8"] = "float32"

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if 0.0 in self.scale:
            raise refuse_field("scale is 0, by which nothing can be divided", "give another scale")
        if self.arithmetic == "uint8" and not all(
            0 <= mean < 256 and 1 <= scale < 256 for mean in self.mean for scale in self.scale
        ):
            raise refuse_field(
                "arithmetic uint8 needs mean in 0 … 255 and scale in 1 … 255",
                "use arithmetic: float32",
            )
        return self

    def _infer(self, spec: Spec) -> Spec:
        if self.arithmetic == "uint8":
            require_kind(self, spec, *ARRAYS)
            if spec.dtype != "uint8":
                raise self._refuse(
                    f"normalize with arithmetic uint8 takes uint8, got {spec.dtype}",
                    "leave out the cast before it",
                )
        else:
            require_float(self, spec)
        for name in ("mean", "scale"):
            self._check_channels(spec, name, len(getattr(self, name)))
        return replace(spec, dtype="float32", lo=None, hi=None)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        if self.arithmetic == "uint8":
            mean, scale = (self._along(value, part, "uint8") for part in (self.mean, self.scale))
            return value.with_data(((array - mean) // scale).astype(np.float32))
        mean, scale = (self._along(value, part, "float32") for part in (self.mean, self.scale))
        single = array.astype(np.float32)
        if self.order == "subtract_then_divide":
            return value.with_data((single - mean) / scale)
        return value.with_data(single / scale - mean)

    def _check_channels(self, spec: Spec, name: str, count: int) -> None:
        if count == 1:
            return
        channels = spec.shape[axis_index(self, spec, "C")]
        if channels != count:
            raise self._refuse(
                f"{name} has {count} numbers for {channels} channels",
                f"give one number or {channels}",
            )

    @staticmethod
    def _along(value: Value, numbers: tuple[float, ...], dtype: str) -> NDArray[Any]:
        array = np.asarray(numbers).astype(dtype)
        if len(numbers) == 1:
            return array.reshape(())
        return array.reshape([-1 if axis == "C" else 1 for axis in value.axes])


@final
class Rescale(Step):
    """x · factor in float32; to divide by 255 exactly, use normalize with scale 255."""

    step: ClassVar[str] = "rescale"
    factor: float

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        return replace(spec, dtype="float32", lo=None, hi=None)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        return value.with_data(as_array(value).astype(np.float32) * np.float32(self.factor))


@final
class Quantize(Step):
    """clip(round(x / scale) + zero_point) as an integer type, halves rounded to even."""

    step: ClassVar[str] = "quantize"
    scale: Annotated[float, Field(gt=0)]
    zero_point: int = 0
    dtype: Integer = "uint8"

    @model_validator(mode="after")
    def _zero_fits(self) -> Self:
        low, high = bounds(self.dtype)
        if not low <= self.zero_point <= high:
            raise refuse_field(
                f"zero_point {self.zero_point} is outside {self.dtype}", f"use {low} … {high}"
            )
        return self

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        low, high = bounds(self.dtype)
        return replace(spec, dtype=self.dtype, lo=float(low), hi=float(high))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        steps = np.rint(as_array(value).astype(np.float32) / np.float32(self.scale))
        return value.with_data(
            convert(steps.astype(np.float64) + self.zero_point, self.dtype, saturate=True)
        )


@final
class Dequantize(Step):
    """(q − zero_point) · scale in float32."""

    step: ClassVar[str] = "dequantize"
    scale: Annotated[float, Field(gt=0)]
    zero_point: int = 0

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, *ARRAYS)
        if spec.dtype and not is_integer(spec.dtype):
            raise self._refuse(
                f"dequantize takes integers, got {spec.dtype}", "leave it out for floats"
            )
        return replace(spec, dtype="float32", lo=None, hi=None)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        steps = as_array(value).astype(np.int64) - self.zero_point
        return value.with_data(steps.astype(np.float32) * np.float32(self.scale))


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
        if len(self.axes) != len(self.shape):
            raise refuse_field(
                f"axes {self.axes!r} do not name the {len(self.shape)} sizes of shape",
                "give one letter for each size",
            )
        return self

    def _infer(self, _spec: Spec) -> Spec:
        value = self.value
        return Spec("tensor", self.dtype, self.axes, self.shape, lo=value, hi=value)

    def _apply(self, _value: Value, _context: StepContext) -> Value:
        array = convert(np.full(self.shape, self.value), self.dtype, saturate=False)
        return Value(array, axes=self.axes)
