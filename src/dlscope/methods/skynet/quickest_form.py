"""`quickest_form`: which way of writing the reorder ONNX Runtime takes the least time for, here.

All ways compute the same; how long they take is a matter of the machine and of the size of images.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from dlscope.core.stats import trimmed_mean
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.observing import one_thread
from dlscope.zoo.skynet.folding import Folded
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.onnx_model import LOWERINGS, Lowering, onnx_model

ROUNDS = 15
_AT_A_TIME = 3
_ABSORBING = 6
"""Bundles of a network whose last one can absorb the reorder."""


@final
@dataclass(frozen=True)
class QuickestForm:
    """The form that was quickest, and the time of each over that of slices."""

    form: Lowering
    ratios: Mapping[Lowering, float]


def quickest_form(
    folded: Folded, layout: Layout, *, act: str = "relu6", rounds: int = ROUNDS
) -> QuickestForm:
    """All forms timed in turns, batch 1 on one thread; each turn is the quickest of three runs."""
    forms = [each for each in LOWERINGS if each != "absorb" or len(layout.widths) == _ABSORBING]
    sessions = {
        form: one_thread(serialize(onnx_model(folded, layout, act=act, lowering=form)))
        for form in forms
    }
    image = np.random.default_rng(0).uniform(-2, 2, (1, 3, *layout.size)).astype(np.float32)
    times = np.zeros((rounds + 1, len(forms)))
    for number in range(rounds + 1):
        # Who goes first changes from round to round; the first round does not count.
        for place in range(len(forms))[:: 1 if number % 2 else -1]:
            times[number, place] = _least_ns(sessions[forms[place]], image)
    over = times[1:] / times[1:, :1]
    ratios = {
        form: float(trimmed_mean(np.sort(over[:, place]))) for place, form in enumerate(forms)
    }
    return QuickestForm(min(forms, key=lambda form: ratios[form]), ratios)


def _least_ns(session: Any, image: Any) -> int:
    """The quickest of a few runs: what disturbs a run only makes it slower."""
    taken = []
    for _ in range(_AT_A_TIME):
        begun = time.perf_counter_ns()
        session.run(None, {"image": image})
        taken.append(time.perf_counter_ns() - begun)
    return min(taken)
