"""Whole numbers for a framework that holds fewer bits of them than the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.base import TensorSpec
from dlscope.core.errors import BackendError


def narrowed(array: NDArray[Any], spec: TensorSpec, held: str, framework: str) -> NDArray[Any]:
    """A contiguous copy of `array` as `held`, the type in which `framework` holds `spec`.

    Raises `BackendError` for a number that does not fit, as `require_fitting` does.
    """
    require_fitting(array, spec, held, framework)
    return np.array(array, held, order="C")


def require_fitting(array: NDArray[Any], spec: TensorSpec, held: str, framework: str) -> None:
    """Raise `BackendError` for a number beyond `held`, rather than have another in its place."""
    if held != spec.dtype and array.size:
        limits = np.iinfo(held)
        if array.min() < limits.min or array.max() > limits.max:
            raise BackendError(
                f"input {spec.name!r} has a number beyond {held}, in which {framework} holds "
                f"{spec.dtype}",
                where=framework,
                fix="feed smaller numbers, or choose another backend",
            )
