"""`RandomTensor`: an array drawn from a seed, for a model that is fed without data."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from dlscope.core.manifest.base import refuse
from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.elements import DType, bounds, convert, is_integer
from dlscope.pipelines.requirements import require_axes_named


@final
class RandomTensor(Step):
    """An array drawn evenly from `low` to `high`, both included, whatever comes in.

    The same seed gives the same array on every machine. Whole numbers are drawn for integers and
    for `bool`; 0 and 1, the default, stay within whatever they choose from.
    """

    step: ClassVar[str] = "random"
    shape: tuple[Annotated[int, Field(ge=0)], ...] = ()
    axes: str = ""
    dtype: DType = "float32"
    low: float = 0.0
    high: float = 1.0
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _axes_named(self) -> Self:
        require_axes_named(self.axes, self.shape)
        return self

    @model_validator(mode="after")
    def _range_fits(self) -> Self:
        if self.low > self.high:
            raise refuse(f"low {self.low:g} is above high {self.high:g}", "swap them")
        least, most = self._limits
        if not least <= self.low <= self.high <= most:
            raise refuse(
                f"{self.low:g} … {self.high:g} is not within {self.dtype}",
                f"stay within {least:g} … {most:g}",
            )
        if self._is_whole and not (self.low.is_integer() and self.high.is_integer()):
            raise refuse(
                f"{self.dtype} is drawn from whole numbers, not from {self.low:g} … {self.high:g}",
                "give whole numbers, or a dtype of floats",
            )
        return self

    def _infer(self, _spec: Spec) -> Spec:
        low, high = (float(self._converted(np.asarray(end))) for end in (self.low, self.high))
        return Spec("tensor", self.dtype, self.axes, self.shape, lo=low, hi=high)

    def _apply(self, _value: Value, _context: StepContext) -> Value:
        # Raw bits are the one thing that NumPy promises never to change.
        bits = np.random.PCG64(self.seed).random_raw(math.prod(self.shape)).reshape(self.shape)
        share = (bits >> np.uint64(11)) / float(1 << 53)
        if self._is_whole:
            drawn = self.low + np.floor(share * (self.high - self.low + 1))
        else:
            drawn = self.low * (1 - share) + self.high * share
        within = np.clip(drawn, self.low, self.high)
        return Value(self._converted(within), axes=self.axes)

    @property
    def _is_whole(self) -> bool:
        return self.dtype == "bool" or is_integer(self.dtype)

    @property
    def _limits(self) -> tuple[float, float]:
        if self.dtype == "bool":
            return 0, 1
        if is_integer(self.dtype):
            least, most = bounds(self.dtype)
            # Larger whole numbers are not all floats.
            return max(least, -(2.0**53)), min(most, 2.0**53)
        largest = float(np.finfo(self.dtype).max)
        return -largest, largest

    def _converted(self, array: NDArray[Any]) -> NDArray[Any]:
        return convert(array, self.dtype, saturate=False)
