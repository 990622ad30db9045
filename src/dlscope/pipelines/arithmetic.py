"""Steps on the numbers of an array: element type, scaling, quantisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from dlscope.core.manifest.base import refuse as refuse_field
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.elements import DType, Integer, bounds, convert, is_integer
from dlscope.pipelines.requirements import ARRAYS, axis_index, require_float, require_kind


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, int | float) else value


PerChannel = Annotated[tuple[float, ...], BeforeValidator(_several), Field(min_length=1)]
"""One number for all channels, or one for each in the order they have at that point."""


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
