"""Smooth stand-ins for the slowest stage and for an engine that several blocks share.

Equations (3) and (5) of *EDD* (Li et al., DAC 2020), and an exact alternative to the second.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dlscope.devices.base import Floats

Share = Literal["or", "tanh"]
FIRST_SOFTNESS, LAST_SOFTNESS = 0.05, 0.002


def smooth_maximum(values: ArrayLike, softness: float) -> tuple[float, Floats]:
    """About the largest of `values` (all above 0), and its slope over each of them.

        T · ln Σ_i exp(v_i / T),   T = softness · max v, taken for a constant

    It exceeds the maximum by at most T · ln N, and is the maximum for one value.
    """
    each = np.asarray(values, dtype=np.float64)
    peak = float(each.max())
    scale = softness * peak
    weights = np.exp((each - peak) / scale)
    return peak + scale * float(np.log(weights.sum())), weights / weights.sum()


def softness_at(progress: float) -> float:
    """The softness at `progress` of a search, 0…1: falls geometrically from 0.05 to 0.002.

    A constant 0.05 leaves small stages up to 40 % too large.
    """
    ratio = LAST_SOFTNESS / FIRST_SOFTNESS
    return float(FIRST_SOFTNESS * ratio ** min(max(progress, 0.0), 1.0))


def times_built(probabilities: ArrayLike, share: Share = "or") -> Floats:
    """How often an engine is built that blocks choose with these probabilities, last axis blocks.

    `or`: 1 − Π_i (1 − P_i), which is 0 or 1 exactly where every choice is made. `tanh`: the
    tanh(Σ_i P_i) of the paper, which counts an engine that one block uses as 0.762.
    """
    each = np.asarray(probabilities, dtype=np.float64)
    if share == "tanh":
        return np.asarray(np.tanh(each.sum(axis=-1)))
    return np.asarray(1 - np.prod(1 - each, axis=-1))
