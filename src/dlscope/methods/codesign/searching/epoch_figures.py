"""What is kept of an epoch, and what a checkpoint holds besides weights."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Self, final

from dlscope.training.loop import Figures

_KEPT = 3


@final
class Means:
    """Means of the figures of steps, by name."""

    def __init__(self) -> None:
        self._values: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, figures: Mapping[str, float]) -> None:
        """Take in the figures of a step."""
        for name, value in figures.items():
            self._values[name].append(value)

    def last(self, name: str) -> list[float]:
        """The newest few values of a figure."""
        return self._values[name][-_KEPT:]

    def of_all(self) -> Figures:
        """The mean of every figure that some step had."""
        return {name: sum(each) / len(each) for name, each in self._values.items() if each}


@final
class Clock:
    """Time that was spent within it, after each epoch; an interruption does not count."""

    def __init__(self) -> None:
        self._elapsed_ns: list[int] = []
        self._started = 0

    @property
    def elapsed_ns(self) -> tuple[int, ...]:
        """Time from the first epoch to the end of each."""
        return tuple(self._elapsed_ns)

    def __enter__(self) -> Self:
        self._started = time.monotonic_ns()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            before = self._elapsed_ns[-1] if self._elapsed_ns else 0
            self._elapsed_ns.append(before + time.monotonic_ns() - self._started)

    def state_dict(self) -> dict[str, Any]:
        """The times, to be kept in a checkpoint."""
        return {"elapsed_ns": list(self._elapsed_ns)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._elapsed_ns = list(state["elapsed_ns"])


@final
class RandomState:
    """Where a random generator of torch is, to be kept in a checkpoint."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def state_dict(self) -> dict[str, Any]:
        """Where it is."""
        return {"state": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._generator.set_state(state["state"])
