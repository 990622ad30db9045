"""`Budget`: seconds that a training may take, held to while it trains.

What a step takes changes with what else a machine does. So after every stretch of steps it is
asked what is left of the seconds, and the rest of the course is walked in as many steps as fit:

    steps left = seconds left / (spent / expected · mean seconds of a step that is left)

`expected` are seconds by what steps of each phase took before the training began. All of that
follows from the figures that are kept with the weights, so that a training that was interrupted
goes on at the pace that it had.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from dlscope.core.errors import PlanError
from dlscope.data.procedural.uav.light import one_thread
from dlscope.methods.skynet.detector_training.pace import Pace
from dlscope.methods.skynet.detector_training.recipes import Recipe
from dlscope.methods.skynet.detector_training.stepping import Course, Stepping
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.training.determinism import reproducible

Clock = Callable[[], float]
_TIMED = 4


@final
@dataclass(frozen=True)
class Budget:
    """So many seconds, and what a step of each phase took: CPU time, or wall time for a GPU.

    Raises `PlanError` for seconds that are not above 0.
    """

    seconds: float
    phase_s: tuple[float, ...]

    def __post_init__(self) -> None:
        require_budget(self.seconds)

    def iterations(self, recipe: Recipe) -> int:
        """How many steps fit, as was thought before the first one."""
        mean_s = math.fsum(s * each for s, each in zip(recipe.shares, self.phase_s, strict=True))
        return max(1, int(self.seconds / mean_s))

    def pace(self, course: Course, history: Sequence[Mapping[str, float]]) -> Pace:
        """How the course is walked on after `history`, whose `spent_s` count."""
        pace, spent_s, expected_s, before = Pace(course.iterations), 0.0, 0.0, 0.0
        for figures in history:
            step = int(figures["step"])
            position = pace.position(step)
            spent_s += figures["spent_s"]
            steps = step - before
            expected_s += steps * self._mean_s(course, pace.position(int(before)), position)
            before = step
            if step >= pace.steps:
                break
            left_s = self._mean_s(course, position, course.iterations) * spent_s / expected_s
            fitting = int((self.seconds - spent_s) / left_s)
            pace = pace.bent(step, step + max(1, fitting))
        return pace

    def _mean_s(self, course: Course, first: float, last: float) -> float:
        """Expected seconds of a step between two points of the course."""
        begun, total = 0.0, 0.0
        for phase, seconds in zip(course.recipe.phases, self.phase_s, strict=True):
            ended = phase.until * course.iterations
            total += max(0.0, min(last, ended) - max(first, begun)) * seconds
            begun = ended
        return total / (last - first)


def require_budget(seconds: float) -> None:
    """Raise `PlanError` for seconds that train nothing."""
    if not (math.isfinite(seconds) and seconds > 0):
        raise PlanError(
            f"a budget of {seconds:g} s trains nothing",
            where="budget of the training",
            fix="give seconds above 0, such as 150s",
        )


def clock_of(device: str) -> Clock:
    """What a budget is counted by: CPU time of all threads; wall time where a GPU computes."""
    return time.process_time if device == "cpu" else time.monotonic


def timed_budget(
    seconds: float,
    network: Any,
    images: PreparedImages,
    course: Course,
    *,
    threads: int = 1,
    device: str = "cpu",
) -> Budget:
    """A budget of so many `seconds`, with some steps of each phase timed on a copy of `network`."""
    require_budget(seconds)
    clock, taken = clock_of(device), []
    is_strict = device == "cpu"
    with reproducible(course.seed, threads=threads, is_strict=is_strict), one_thread():
        for phase in course.recipe.phases:
            recipe = replace(course.recipe, phases=(phase,))
            timed = replace(course, recipe=recipe, iterations=10 * _TIMED, seed=0)
            stepping = Stepping(copy.deepcopy(network), images, timed, device=device)
            stepping.stepped(0, 0)
            started = clock()
            # One step of each size that may be drawn.
            for step in range(1, 10 * _TIMED, 10):
                stepping.stepped(step, step)
            taken.append((clock() - started) / _TIMED)
    return Budget(seconds, tuple(taken))
