"""`step_times`: how long the steps of a search take here, so that a budget can be filled."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from torch.nn import functional

from dlscope.methods.codesign.searching.bilevel import BilevelSearch
from dlscope.methods.codesign.searching.images import LabelledImages, Splits
from dlscope.methods.codesign.searching.schedule import StepTimes
from dlscope.methods.codesign.searching.supernet_estimate import SupernetEstimate
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.network import DesignNetwork

_REPEATS = 7


def step_times(bilevel: BilevelSearch, splits: Splits) -> StepTimes:
    """Medians of a few steps of each kind, on designs drawn at random.

    `bilevel` is trained by that: use one that is thrown away.
    """
    space, schedule = bilevel.implementer.space, bilevel.schedule
    rng = np.random.default_rng(0)
    indices = np.arange(min(schedule.batch, len(splits.train), len(splits.validation)))
    batch = splits.train.of(indices)
    judged = splits.validation.of(np.arange(min(schedule.judged_images, len(splits.validation))))
    estimate = SupernetEstimate(space, bilevel.supernet, judged, device=bilevel.fabric.device)
    bilevel.supernet.train()
    return StepTimes(
        weights_s=_median_s(lambda: bilevel.weight_step(indices, 0.0)),
        architecture_s=_median_s(lambda: bilevel.choice_step(indices, 0.0, turn=0)),
        look_s=_median_s(lambda: estimate.loss(Design.random(space, rng))),
        training_s=_median_s(lambda: _training_step(bilevel, Design.random(space, rng), batch)),
    )


def _training_step(bilevel: BilevelSearch, design: Design, batch: LabelledImages) -> None:
    device = bilevel.fabric.device
    network = DesignNetwork(bilevel.implementer.space, design).to(device)
    logits = network(torch.from_numpy(batch.images_nchw).to(device))
    functional.cross_entropy(logits, torch.from_numpy(batch.labels).to(device)).backward()


def _median_s(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        step()
        taken.append(time.perf_counter() - started)
    return median(taken)
