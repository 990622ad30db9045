"""Random numbers that follow from a seed and a place, so that any image can be made alone."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from dlscope.core.errors import DataError
from dlscope.data.procedural.uav.classes import SPLITS, Split

Purpose: TypeAlias = Literal["ground", "image", "sequence", "frame"]
_PURPOSES: dict[Purpose, int] = {"ground": 1, "image": 2, "sequence": 3, "frame": 4}


def generator(seed: int, purpose: Purpose, split: Split, *place: int) -> np.random.Generator:
    """A generator of its own for each purpose, split and place, in any order."""
    words = [seed, _PURPOSES[purpose], SPLITS.index(split), *place]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def require_whole(value: int, least: int, what: str) -> None:
    """Raise `DataError` unless `value` is a whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DataError(
            f"{what} is {value!r}, not a whole number from {least} on",
            where="uav-synth",
            fix=f"give {what} as {least} or more",
        )


def require_size(size: tuple[int, int], least: int = 16) -> None:
    """Raise `DataError` unless `size` is (height, width), whole numbers from `least` on."""
    if len(size) != 2 or not all(isinstance(side, int) and side >= least for side in size):
        raise DataError(
            f"the size {size!r} is not (height, width) from {least} px on",
            where="uav-synth",
            fix="give two whole numbers, such as (360, 640)",
        )
