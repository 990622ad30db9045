"""`Progress`: what is told while a stage is trained, and written down line by line."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import final

from dlscope.training.loop import Figures

LOG = "log.jsonl"
_EVERY_S, _EVERY_SHARE, _KEPT = 10.0, 0.1, 50
_TOLD = (
    "segmentation",
    "adversarial",
    "stuff",
    "instance",
    "pseudo",
    "mixed",
    "source_accuracy",
    "target_accuracy",
    "active_classes",
    "stored_vectors",
)


@final
class Progress:
    """Tells of each step of `steps`; the words change every 10 s or tenth of the steps.

    Losses are means over the last 50 steps. With `folder` the same figures go to its `log.jsonl`.
    """

    def __init__(
        self,
        name: str,
        steps: int,
        images: int,
        told: Callable[[str, float], None],
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._steps, self._images = name, steps, images
        self._told, self._folder, self._clock = told, folder, clock
        self._latest: deque[Figures] = deque(maxlen=_KEPT)
        self._begun = self._said_at = clock()
        self._first: int | None = None
        self._said_step, self._words = -1, ""

    def stepped(self, done: int, figures: Figures) -> None:
        """Step number `done`, counted from 1, had these figures."""
        self._latest.append(figures)
        self._first = done - 1 if self._first is None else self._first
        now = self._clock()
        is_due = (
            not self._words
            or done == self._steps
            or now - self._said_at >= _EVERY_S
            or done - self._said_step >= _EVERY_SHARE * self._steps
        )
        if is_due:
            self._said_at, self._said_step = now, done
            self._say(done, now)
        self._told(self._words, done / self._steps)

    def _say(self, done: int, now: float) -> None:
        means = self._means()
        seconds_each = (now - self._begun) / (done - (self._first or 0))
        rate = self._images / seconds_each if seconds_each > 0 else 0.0
        left_s = seconds_each * (self._steps - done)
        said = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in means.items())
        self._words = (
            f"{self._name}, step {done} of {self._steps}, {rate:.0f} images/s, "
            f"{left_s:.0f} s left: {said}"
        )
        if self._folder is not None:
            record = {"step": done, "of": self._steps, "images_per_s": rate, "left_s": left_s}
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / LOG).open("a") as file:
                file.write(json.dumps(record | means) + "\n")

    def _means(self) -> dict[str, float]:
        known = {name: [each[name] for each in self._latest if name in each] for name in _TOLD}
        return {name: sum(found) / len(found) for name, found in known.items() if found}
