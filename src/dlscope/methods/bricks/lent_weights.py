"""`LentWeights`: weights that cost no more than copying, for bricks whose values do not matter."""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping
from typing import final

import numpy as np
from numpy.typing import NDArray

Shapes = Mapping[str, tuple[int, ...]]
_TILE = 1 << 14


@final
class LentWeights:
    """Weights that last until the next are asked for, in memory that is touched only once.

    They are a tile that repeats, as large as `drawn_weight` draws them: what a layer of floats
    takes does not depend on values, while these are ordinary numbers. Fresh memory for each
    session, and copies on the way there, take longer than opening it.
    """

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        self._tile = generator.standard_normal(_TILE, dtype=np.float32)
        self._memory = np.empty((0, _TILE), np.float32)

    def of(self, shapes: Shapes) -> dict[str, NDArray[np.float32]]:
        """Weights by name, such that sums keep their magnitude."""
        rows = {name: -(-math.prod(shape) // _TILE) for name, shape in shapes.items()}
        if sum(rows.values()) > len(self._memory):
            self._memory = _touched(sum(rows.values()))
        found = {}
        start = 0
        for name, shape in shapes.items():
            own = self._memory[start : start + rows[name]]
            own[:] = self._tile / np.float32(math.sqrt(math.prod(shape[1:])))
            found[name] = own.reshape(-1)[: math.prod(shape)].reshape(shape)
            start += rows[name]
        return found


def _touched(rows: int) -> NDArray[np.float32]:
    """Memory of which the system gives all at once, which is cheaper than page by page."""
    at_once = getattr(mmap, "MAP_POPULATE", 0)
    memory = mmap.mmap(-1, rows * _TILE * 4, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | at_once)
    return np.frombuffer(memory, np.float32).reshape(rows, _TILE)
