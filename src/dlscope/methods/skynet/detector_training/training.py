"""`train_detector`: a network whose head finds boxes, trained by a recipe.

The network is any whose output is the raw map of the head, [B, 5 · anchors, H / 8, W / 8].
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.digest import digest
from dlscope.core.errors import PlanError
from dlscope.data.procedural.uav.light import one_thread
from dlscope.methods.skynet.anchors import fit_anchors
from dlscope.methods.skynet.detection_scores import Predict
from dlscope.methods.skynet.detector_training.budget import Budget, Clock, clock_of
from dlscope.methods.skynet.detector_training.network_predictor import network_predictor
from dlscope.methods.skynet.detector_training.pace import Pace
from dlscope.methods.skynet.detector_training.recipes import IOU, Recipe
from dlscope.methods.skynet.detector_training.stepping import Anchors, Course, Stepping
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.determinism import reproducible
from dlscope.training.epoch_steps import EpochSteps
from dlscope.training.loop import Ending, Figures, TrainingLoop

_TIMES = ("spent_s", "cpu_s", "wall_s")
_NOT_TOLD = ("loss", "boxes", "step", "rate")
_ENDLESS = 10**9


@final
@dataclass(frozen=True)
class TrainingOptions:
    """`anchors` are fitted to the boxes where none are given.

    `threads` of torch decide the order of sums: the same weights need the same threads. The state
    is kept after every `checkpoint_every` iterations, and after the last. With a `budget` there
    are more or fewer of them than `iterations`, which are then those that were planned. `device`
    is one of torch, such as `cuda`.
    """

    recipe: Recipe = IOU
    iterations: int = 700
    seed: int = 0
    anchors: Anchors | None = None
    threads: int = 1
    checkpoint_every: int = 50
    budget: Budget | None = None
    device: str = "cpu"

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

    `steps` is how many iterations there were. `cpu_s` is of all, those before an interruption
    included, all threads together.
    """

    network: Any
    course: Course
    history: tuple[Figures, ...]
    ending: Ending
    steps: int

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
    clock: Clock | None = None,
) -> TrainedDetector:
    """Train `network` in place; goes on from the checkpoint in `folder`, where there is one.

    It is moved to the device of the options, and left there; what a GPU cannot compute alike each
    time is computed all the same, and torch warns. A budget is counted by `clock`, by default CPU
    time, or wall time on a GPU. Asked to stop it ends after the step at hand, and keeps that.

    Raises `TrainingError` where a loss is no number, naming it and its images, and for a
    checkpoint of another training.
    """
    course = options.course(images)
    identity = digest({**asdict(course), "images": len(images), "names": list(images.names)})
    is_strict = options.device == "cpu"
    with reproducible(options.seed, threads=options.threads, is_strict=is_strict), one_thread():
        stepping = Stepping(network, images, course, device=options.device)
        steps = EpochSteps(should_stop)
        stretches = _Stretches(
            stepping, steps, course, options, told, clock or clock_of(options.device)
        )
        loop = TrainingLoop(
            {**stepping.stateful, "steps": steps},
            stretches.most,
            checkpoints=None if folder is None else Checkpoints(folder, identity),
            name=course.recipe.name,
        )
        done = loop.run(stretches, ends_early=stretches.are_done, should_stop=should_stop)
        if done.ending != "stopped":
            stepping.settle()
    whole = int(done.history[-1]["step"]) if done.history else 0
    return TrainedDetector(network.eval(), course, done.history, done.ending, whole + len(steps))


@final
class _Stretches:
    """The steps between two checkpoints, as the epochs of a loop."""

    def __init__(
        self,
        stepping: Stepping,
        steps: EpochSteps,
        course: Course,
        options: TrainingOptions,
        told: Callable[[str, float], None],
        clock: Clock,
    ) -> None:
        self._stepping, self._steps, self._course = stepping, steps, course
        self._told, self._clock = told, clock
        self._budget, self._every = options.budget, options.checkpoint_every
        self._pace, self._last = Pace(course.iterations), Figures()

    @property
    def most(self) -> int:
        """How many there are; with a budget that is told by `are_done`."""
        if self._budget is not None:
            return _ENDLESS
        return math.ceil(self._course.iterations / self._every)

    def are_done(self, history: Sequence[Figures]) -> bool:
        """Whether the course has been walked after `history`; the pace follows from that."""
        if self._budget is None:
            return False
        self._pace = self._budget.pace(self._course, history)
        return int(history[-1]["step"]) >= self._pace.steps

    def __call__(self, number: int) -> Figures | None:
        first, most = number * self._every, self._pace.steps
        now = _told_of(self._course, first + len(self._steps), most, self._last)

        def told_and_timed(step: int) -> Figures:
            self._told(now, step / most)
            return self._timed(step)

        steps = range(first, min(first + self._every, most))
        every = self._steps.carried_out(steps, told_and_timed)
        if every is None:
            return None
        times = {name: math.fsum(each.pop(name) for each in every) for name in _TIMES}
        means = {name: float(np.mean([each[name] for each in every])) for name in every[0]}
        last_rate = self._course.rate(self._pace.position(steps[-1]))
        self._last = {**means, "step": float(steps[-1] + 1), "rate": last_rate}
        return {**self._last, **times}

    def _timed(self, step: int) -> Figures:
        """The figures of a step, with what it took."""
        begun = self._times()
        figures = self._stepping.stepped(step, self._pace.position(step))
        took = (now - then for now, then in zip(self._times(), begun, strict=True))
        return figures | dict(zip(_TIMES, took, strict=True))

    def _times(self) -> tuple[float, float, float]:
        return self._clock(), time.process_time(), time.monotonic()


def _told_of(course: Course, step: int, most: int, last: Figures) -> str:
    """What is being done, with the parts of the loss before."""
    now = f"{course.recipe.name}, step {step + 1} of {most}"
    if not last:
        return now
    parts = " ".join(f"{name} {last[name]:.3g}" for name in last if name not in _NOT_TOLD)
    return f"{now}, loss {last['loss']:.4g} ({parts})"
