"""`TrainingLoop`: epochs with a checkpoint after each, so that a killed training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

from dlscope.core.errors import TrainingError
from dlscope.training.checkpoints import Keeping, Stateful

Figures: TypeAlias = dict[str, float]
"""What is known after an epoch: losses, accuracies, rates, by name."""

Epoch: TypeAlias = Callable[[int], Figures | None]
"""Carries out one epoch, counted from 0; None where it was stopped, to be gone on with later."""

Ending: TypeAlias = Literal["done", "early", "stopped"]


def _never() -> bool:
    return False


def _ignore(_step: str, _share: float) -> None:
    pass


def _not_early(_history: Sequence[Figures]) -> bool:
    return False


@final
@dataclass(frozen=True)
class Trained:
    """How a loop ended: at its last epoch, early by its own rule, or stopped from outside.

    `history` has the figures of every epoch, those before an interruption included.
    """

    ending: Ending
    history: tuple[Figures, ...]


@final
class TrainingLoop:
    """Calls an epoch after another until there were `epochs`.

    `stateful` are all objects that an epoch changes; the figures of an epoch may depend on them
    and on its number alone, so that a resumed training equals an uninterrupted one. What is stopped
    within an epoch is kept, too: the state has to say how far it is. `told` hears what is being
    done. Without `checkpoints` nothing is kept.
    """

    def __init__(
        self,
        stateful: Mapping[str, Stateful],
        epochs: int,
        *,
        checkpoints: Keeping | None = None,
        told: Callable[[str, float], None] = _ignore,
        name: str = "training",
    ) -> None:
        self._stateful = dict(stateful)
        self._epochs = epochs
        self._checkpoints = checkpoints
        self._told = told
        self._name = name

    def run(
        self,
        epoch: Epoch,
        *,
        ends_early: Callable[[Sequence[Figures]], bool] = _not_early,
        should_stop: Callable[[], bool] = _never,
    ) -> Trained:
        """Go on from the checkpoint, where there is one, to the end.

        `ends_early` is asked after each epoch, with the figures of all. Raises `TrainingError`
        where a figure is no number, with the checkpoint before that epoch kept.
        """
        history = self._resumed()
        if history and ends_early(history):
            return Trained("early", tuple(history))
        for number in range(len(history), self._epochs):
            self._told(self._step(number, history), number / self._epochs)
            figures = epoch(number)
            if figures is None:
                self._keep(history, within=True)
                return Trained("stopped", tuple(history))
            _require_finite(figures, self._name, number)
            history.append(figures)
            self._keep(history)
            if ends_early(history):
                return Trained("early", tuple(history))
            if should_stop() and number + 1 < self._epochs:
                return Trained("stopped", tuple(history))
        return Trained("done", tuple(history))

    def _resumed(self) -> list[Figures]:
        plain = self._checkpoints.restore(self._stateful) if self._checkpoints else None
        return list(plain["history"]) if plain else []

    def _keep(self, history: Sequence[Figures], *, within: bool = False) -> None:
        if self._checkpoints is not None:
            plain = {"history": list(history), **({"within": True} if within else {})}
            self._checkpoints.save(self._stateful, plain)

    def _step(self, number: int, history: Sequence[Figures]) -> str:
        loss = history[-1].get("loss") if history else None
        last = f", loss {loss:.4g}" if loss is not None else ""
        return f"{self._name}, epoch {number + 1} of {self._epochs}{last}"


def require_finite_loss(loss: float, *, where: str, rate: float, last: Sequence[float]) -> None:
    """Raise `TrainingError`, with what came before, where the loss of a step is no number."""
    if not math.isfinite(loss):
        before = ", ".join(f"{each:.4g}" for each in last) or "none"
        raise TrainingError(
            f"the loss is {loss}; learning rate {rate:.3g}, the last losses {before}",
            where=where,
            fix="use a smaller learning rate; the checkpoint before is kept",
        )


def _require_finite(figures: Mapping[str, Any], name: str, number: int) -> None:
    wrong = sorted(key for key, value in figures.items() if not math.isfinite(value))
    if wrong:
        raise TrainingError(
            f"{', '.join(wrong)}: not a number",
            where=f"{name}, epoch {number + 1}",
            fix="use a smaller learning rate; the checkpoint before is kept",
        )
