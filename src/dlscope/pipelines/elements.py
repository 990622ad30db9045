"""Element types: which there are, what fits into them, and the change from one to another."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DType = Literal["float32", "float16", "float64", "uint8", "int8", "int32", "int64", "bool"]
Integer = Literal["uint8", "int8", "int32"]


def is_integer(dtype: str) -> bool:
    """Whether `dtype` holds whole numbers."""
    return dtype.startswith(("int", "uint"))


def bounds(dtype: str) -> tuple[int, int]:
    """Smallest and largest whole number of an integer `dtype`."""
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def convert(array: NDArray[Any], dtype: str, *, saturate: bool) -> NDArray[Any]:
    """A copy of `array` as `dtype`.

    What does not fit an integer type is clipped, or keeps its low bits: 300 as uint8 is 255, or
    44. Fractions are cut towards zero.
    """
    if not is_integer(dtype) or array.dtype == np.bool_:
        return array.astype(dtype)
    if not saturate:
        return array.astype(np.int64).astype(dtype)
    low, high = bounds(dtype)
    if array.dtype.kind != "f":
        return np.clip(array.astype(np.int64), low, high).astype(dtype)
    wide = array.astype(np.float64)
    fits = (wide >= low) & (wide <= high)
    # The largest int64 is no float64, so the limits are put in as whole numbers.
    clipped = np.where(wide < low, low, high)
    return np.where(fits, np.where(fits, wide, 0).astype(np.int64), clipped).astype(dtype)
