"""`Weights`: the arrays of a checkpoint, each taken once and none forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import GraphError, ShapeError

Axis = int | None


@final
class Weights:
    """Named arrays that a network takes one by one, stating the shape it expects."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], *, where: str) -> None:
        self._arrays = dict(arrays)
        self._taken: set[str] = set()
        self._where = where

    def take(self, name: str, *shape: Axis) -> NDArray[np.float64]:
        """The array `name` in float64; an axis given as None may have any size.

        Raises `GraphError` when there is none or it is not of floating point, `ShapeError` when
        it has another shape.
        """
        if name not in self._arrays:
            raise self._error(f"the weights have no {name!r}")
        array = self._arrays[name]
        if array.dtype.kind != "f":
            raise self._error(f"weight {name!r} is {array.dtype}, not floating point")
        if len(array.shape) != len(shape) or any(
            wanted not in (None, got) for wanted, got in zip(shape, array.shape, strict=True)
        ):
            raise ShapeError(
                f"weight {name!r} is {_text(array.shape)}, the network needs {_text(shape)}",
                where=self._where,
                fix=_FIX,
            )
        self._taken.add(name)
        return array.astype(np.float64)

    def count(self, pattern: str) -> int:
        """How many of pattern.format(0), pattern.format(1), … there are, up to the first gap."""
        index = 0
        while pattern.format(index) in self._arrays:
            index += 1
        return index

    def finish(self, unused: Callable[[str], bool]) -> None:
        """Raise `GraphError` if an array was not taken, except those known to be `unused`."""
        left = sorted(name for name in self._arrays if name not in self._taken and not unused(name))
        if left:
            rest = f" and {len(left) - 3} more" if len(left) > 3 else ""
            names = ", ".join(map(repr, left[:3]))
            raise self._error(f"the network has no place for the weights {names}{rest}")

    def _error(self, what: str) -> GraphError:
        return GraphError(what, where=self._where, fix=_FIX)


_FIX = "use weights that were trained for this network, or the options that fit them"


def _text(shape: tuple[Axis, ...]) -> str:
    return "×".join("?" if axis is None else str(axis) for axis in shape) or "a scalar"
