"""`train_detector`: a network whose head finds boxes, trained by a recipe.

The network is any whose output is the raw map of the head, [B, 5 · anchors, H / 8, W / 8].
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from dlscope.core.digest import digest
from dlscope.core.errors import PlanError
from dlscope.data.procedural.uav.light import one_thread
from dlscope.methods.skynet.anchors import fit_anchors
from dlscope.methods.skynet.detection_scores import Predict
from dlscope.methods.skynet.detector_training.network_predictor import network_predictor
from dlscope.methods.skynet.detector_training.recipes import IOU, Recipe
from dlscope.methods.skynet.detector_training.stepping import Anchors, Course, Stepping
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.determinism import reproducible
from dlscope.training.loop import Ending, Figures, TrainingLoop

_TIMED = 4
_NOT_TOLD = ("loss", "boxes", "step", "rate")


@final
@dataclass(frozen=True)
class TrainingOptions:
    """`anchors` are fitted to the boxes where none are given.

    `threads` of torch decide the order of sums: the same weights need the same threads. The state
    is kept after every `checkpoint_every` iterations, and after the last.
    """

    recipe: Recipe = IOU
    iterations: int = 700
    seed: int = 0
    anchors: Anchors | None = None
    threads: int = 1
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.checkpoint_every < 1:
            raise PlanError(
                f"{self.iterations} steps, kept every {self.checkpoint_every}, are no training",
                where="options of the training",
                fix="use at least one",
            )

    def course(self, images: PreparedImages) -> Course:
        """What is decided for `images`."""
        anchors = self.anchors or fit_anchors(images.sides_m2, images.size)
        return Course(self.recipe, self.iterations, anchors, images.size, self.seed)


@final
@dataclass(frozen=True)
class TrainedDetector:
    """A network in evaluation mode, what it was trained by, and what that took.

    `cpu_s` is of all iterations, those before an interruption included, all threads together.
    """

    network: Any
    course: Course
    history: tuple[Figures, ...]
    ending: Ending

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the iterations."""
        return math.fsum(figures["cpu_s"] for figures in self.history)

    @property
    def wall_s(self) -> float:
        """Seconds of the iterations."""
        return math.fsum(figures["wall_s"] for figures in self.history)

    @property
    def predict(self) -> Predict:
        """Boxes of images, for `evaluate_detector`."""
        return network_predictor(self.network, self.course.anchors)


def train_detector(
    network: Any,
    images: PreparedImages,
    options: TrainingOptions,
    *,
    folder: Path | None = None,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedDetector:
    """Train `network` in place; goes on from the checkpoint in `folder`, where there is one.

    Raises `TrainingError` where a loss is no number, naming it and its images, and for a
    checkpoint of another training.
    """
    course = options.course(images)
    identity = digest({**asdict(course), "images": len(images), "names": list(images.names)})
    with reproducible(options.seed, threads=options.threads), one_thread():
        stepping = Stepping(network, images, course)
        chunk = options.checkpoint_every
        loop = TrainingLoop(
            stepping.stateful,
            math.ceil(course.iterations / chunk),
            checkpoints=None if folder is None else Checkpoints(folder, identity),
            name=course.recipe.name,
        )

        last: Figures = {}

        def epoch(number: int) -> Figures:
            first = number * chunk
            told(_told_of(course, first, last), first / course.iterations)
            cpu_s, wall_s = time.process_time(), time.monotonic()
            steps = range(first, min(first + chunk, course.iterations))
            last.update(stepping.carried_out(steps))
            took = time.process_time() - cpu_s, time.monotonic() - wall_s
            return {**last, "cpu_s": took[0], "wall_s": took[1]}

        done = loop.run(epoch, should_stop=should_stop)
        if done.ending != "stopped":
            stepping.settle()
    return TrainedDetector(network.eval(), course, done.history, done.ending)


def _told_of(course: Course, step: int, last: Figures) -> str:
    """What is being done, with the parts of the loss before."""
    now = f"{course.recipe.name}, step {step + 1} of {course.iterations}"
    if not last:
        return now
    parts = " ".join(f"{name} {last[name]:.3g}" for name in last if name not in _NOT_TOLD)
    return f"{now}, loss {last['loss']:.4g} ({parts})"


def iterations_within(
    budget_s: float, network: Any, images: PreparedImages, options: TrainingOptions
) -> int:
    """How many iterations take `budget_s` CPU seconds, by timing some of each phase on a copy.

    Raises `PlanError` for a budget that is not above 0.
    """
    if not (math.isfinite(budget_s) and budget_s > 0):
        raise PlanError(
            f"a budget of {budget_s:g} s trains nothing",
            where="budget of the training",
            fix="give seconds above 0, such as 150s",
        )
    recipe = options.recipe
    per_iteration = 0.0
    with reproducible(options.seed, threads=options.threads), one_thread():
        for phase, share in zip(recipe.phases, recipe.shares, strict=True):
            course = Course(
                replace(recipe, phases=(phase,)),
                10 * _TIMED,
                options.course(images).anchors,
                images.size,
                0,
            )
            stepping = Stepping(copy.deepcopy(network), images, course)
            stepping.carried_out(range(1))
            started = time.process_time()
            # One step of each size that may be drawn.
            stepping.carried_out(range(1, 10 * _TIMED, 10))
            per_iteration += share * (time.process_time() - started) / _TIMED
    return max(1, int(budget_s / per_iteration))
