"""`SearchSchedule`: how long each part of a search takes, in epochs, designs and steps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import final

from dlscope.core.errors import SearchError

_DURATION = re.compile(r"(?P<count>\d+(\.\d+)?)\s*(?P<unit>s|m|min|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@final
@dataclass(frozen=True)
class SearchSchedule:
    """The parts of a search.

    `epochs` of the supernet, the first `warm_up` of them weights only, of at most `most_steps`
    batches each; an architecture step `every` so many weight steps; `evaluations` of designs by
    the supernet; `finalists` trained for `finalist_epochs`, and the best one for `final_epochs`.
    Rates: SGD for weights along a cosine, Adam for what is chosen.
    """

    epochs: int = 20
    warm_up: int = 2
    batch: int = 64
    most_steps: int | None = None
    every: int = 2
    rate: float = 0.1
    last_rate: float = 0.0005
    momentum: float = 0.9
    decay: float = 4e-5
    clip: float = 5.0
    architecture_rate: float = 1e-2
    lanes_rate: float = 1e-1
    architecture_decay: float = 1e-3
    temperature: float = 5.0
    last_temperature: float = 0.3
    evaluations: int = 600
    judged_images: int = 256
    finalists: int = 8
    finalist_epochs: int = 4
    final_epochs: int = 20

    def __post_init__(self) -> None:
        counts = (self.epochs, self.batch, self.every, self.evaluations, self.finalists)
        epochs = (self.finalist_epochs, self.final_epochs)
        if min(*counts, *epochs) < 1 or not 0 <= self.warm_up < max(self.epochs, 1):
            raise SearchError(
                "a part of the search has no step",
                where="schedule",
                fix="use at least one of everything, and fewer epochs of warm-up than epochs",
            )

    @classmethod
    def of_epochs(cls, epochs: int) -> SearchSchedule:
        """A search of so many epochs, a fifth of them, but at least one where it can be, warm-up.

        The other parts grow with them; finalists are trained half as long as the supernet, so that
        about half of all steps are spent on designs by themselves.
        """
        warm_up = min(max(round(epochs / 5), 1), epochs - 1)
        return cls(
            epochs=epochs,
            warm_up=warm_up,
            evaluations=min(max(20 * epochs, 30), 600),
            finalists=min(epochs + 2, 8),
            finalist_epochs=max(round(epochs / 2), 1),
            final_epochs=epochs,
        )


@final
@dataclass(frozen=True)
class StepTimes:
    """Seconds of a weight step, an architecture step, a look at a design, and a training step."""

    weights_s: float
    architecture_s: float
    look_s: float
    training_s: float


SHARES = {"supernet": 0.3, "looks": 0.05, "finalists": 0.4, "final": 0.2}
"""Of the time that there is; the rest is for what cannot be foreseen."""


def seconds(duration: str) -> float:
    """Seconds of `90s`, `10m`, `10 min` or `1.5h`. Raises `SearchError` for anything else.

    >>> seconds("10m"), seconds("90 s"), seconds("1.5h")
    (600.0, 90.0, 5400.0)
    """
    match = _DURATION.fullmatch(duration.strip())
    if match is None or not float(match["count"]):
        raise SearchError(
            f"{duration!r} is not a time", where="--budget", fix="write 90s, 10m or 1.5h"
        )
    return float(match["count"]) * _SECONDS[match["unit"]]


def planned(
    budget_s: float, times: StepTimes, *, train_steps: int, seen_steps: int
) -> tuple[SearchSchedule, bool]:
    """The schedule that fills `budget_s`, and whether that is too short for a whole search.

    An epoch of the supernet has `train_steps`, one of the last training `seen_steps`. Where there
    is no time for a warm-up epoch and another one, epochs are cut short.
    """
    step_s = times.weights_s + times.architecture_s / SearchSchedule().every
    steps = SHARES["supernet"] * budget_s / step_s
    is_limited = steps < 2 * train_steps
    base = SearchSchedule.of_epochs(2 if is_limited else int(steps / train_steps))
    finalist_steps = SHARES["finalists"] * budget_s / times.training_s / base.finalists
    looks = SHARES["looks"] * budget_s / times.look_s
    schedule = replace(
        base,
        most_steps=max(int(steps / 2), 1) if is_limited else None,
        evaluations=min(max(int(looks), 30), 600),
        finalist_epochs=_epochs(finalist_steps, train_steps),
        final_epochs=_epochs(SHARES["final"] * budget_s / times.training_s, seen_steps),
    )
    return schedule, is_limited


def _epochs(steps: float, of_epoch: int) -> int:
    return max(math.floor(steps / of_epoch), 1)
