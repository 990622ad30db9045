"""`StageSteps`: what a step of a stage sees, with which rates and weights, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.errors import TrainingError
from dlscope.data.scene_classes import Ids
from dlscope.methods.adaptation.options import AdaptationOptions, LossWeights
from dlscope.methods.adaptation.parts import Parts
from dlscope.methods.adaptation.pictures import Pictures, label_input, network_input
from dlscope.methods.adaptation.progress import Progress
from dlscope.methods.adaptation.rare_classes import RareClasses
from dlscope.methods.adaptation.stage import Stage, StageData
from dlscope.methods.adaptation.stepping import Batch
from dlscope.training.batches import Batches
from dlscope.training.epoch_steps import EpochSteps
from dlscope.training.loop import Figures
from dlscope.training.schedule import polynomial
from dlscope.training.tensor_file import write_tensors

_POWER = 0.9
_RARE = 2
_CRASH = "crash.pt"


@final
class StageSteps:
    """Carries out the steps of a stage by their numbers.

    Asked to stop it ends after the step at hand. Its state are the figures of the steps since the
    last checkpoint, so that it goes on with the one after.
    """

    def __init__(
        self,
        stage: Stage,
        parts: Parts,
        data: StageData,
        options: AdaptationOptions,
        folder: Path | None,
        progress: Progress,
        *,
        score: Callable[[Any], Figures] = lambda _network: {},
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stage, self._parts, self._data = stage, parts, data
        self._options, self._folder, self._progress = options, folder, progress
        self._score, self._steps = score, EpochSteps(should_stop)
        self._rare = (
            RareClasses(data.source, options.online.temperature) if stage.is_online else None
        )

    def carried_out(self, first: int, last: int) -> Figures | None:
        """Steps from `first` up to `last`, the mean figures of them; None if stopped before."""
        self._parts.network.train()
        every = self._steps.carried_out(range(first, last), self._one)
        if every is None:
            return None
        names = dict.fromkeys(name for figures in every for name in figures)
        means = {
            name: float(np.mean([figures[name] for figures in every if name in figures]))
            for name in names
        }
        with self._parts.as_judged():
            score = self._score(self._parts.network)
        return {**means, "step": float(last), "loss": means["segmentation"], **score}

    @property
    def since_checkpoint(self) -> int:
        """How many steps were carried out since the last checkpoint."""
        return len(self._steps)

    def state_dict(self) -> dict[str, Any]:
        """The figures of the steps since the last checkpoint."""
        return self._steps.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the steps that `state_dict` gave the figures of."""
        self._steps.load_state_dict(state)

    def _one(self, step: int) -> Figures:
        horizon = self._options.horizon or self._stage.steps
        falling = polynomial(step / horizon, 1.0, power=_POWER)
        rising = min(1.0, (step + 1) / self._options.rise) if self._options.rise else 1.0
        self._parts.set_rates(self._stage.rate * falling * rising, falling)
        source = self._batch(step, self._data.source, 0, self._data.source.labels)
        target = self._target(step)
        figures = self._parts.advance(source, target, self._faded(step), step)
        self._require_finite(figures, step, source, target)
        if self._stage.weights.matches:
            figures |= self._remembered()
        self._progress.stepped(step + 1, figures)
        return figures

    def _remembered(self) -> Figures:
        memory = self._parts.stateful["memory"]
        return {
            "active_classes": float(len(memory.active)),
            "stored_vectors": float(memory.stored.sum()),
        }

    def _target(self, step: int) -> Batch | None:
        if self._data.target is None or not self._stage.weights.sees_target:
            return None
        labels = self._data.target_labels
        return self._batch(step, self._data.target, 1, labels.__getitem__ if labels else None)

    def _batch(
        self,
        step: int,
        pictures: Pictures,
        domain: int,
        labels_of: Callable[[int], Ids] | None,
    ) -> Batch:
        """The images of a step of one domain, mirrored at random."""
        indices = self._indices(step, len(pictures), domain)
        draw = np.random.default_rng((self._stage.seed, domain, step))
        mirrored = draw.random(len(indices)) < (0.5 if self._options.flips else 0.0)
        chosen = [(i, bool(m)) for i, m in zip(indices, mirrored, strict=True)]
        images = [_mirrored(pictures.image(i), m) for i, m in chosen]
        labels = [_mirrored(labels_of(i), m) for i, m in chosen] if labels_of else None
        return Batch(
            network_input(images, self._parts.network),
            label_input(labels, self._parts.network.device) if labels else None,
            [pictures.names[i] for i, _ in chosen],
        )

    def _indices(self, step: int, count: int, domain: int) -> list[int]:
        """Which images a step sees: of the source rare classes often, where training is online."""
        size = self._stage.batch[domain]
        if domain == 0 and self._rare is not None:
            draw = np.random.default_rng((self._stage.seed, _RARE, step))
            return list(self._rare.drawn(size, draw))
        order = Batches(count, size, seed=order_seed(self._stage.seed, domain))
        epoch, place = divmod(step, len(order))
        return [int(i) for i in _nth(order.of_epoch(epoch), place)]

    def _faded(self, step: int) -> LossWeights:
        """The weights of a step, matching faded in where the options say so."""
        weights, progress = self._stage.weights, step / self._stage.steps
        options = self._options
        if progress < options.matching_from:
            share = 0.0
        elif options.ramp:
            share = min(1.0, (progress - options.matching_from) / options.ramp)
        else:
            share = 1.0
        return LossWeights(
            weights.adversarial, share * weights.stuff, share * weights.instance, weights.pseudo
        )

    def _require_finite(
        self, figures: Figures, step: int, source: Batch, target: Batch | None
    ) -> None:
        wrong = [name for name, value in figures.items() if not math.isfinite(value)]
        if not wrong:
            return
        if self._folder is not None:
            states = {name: each.state_dict() for name, each in self._parts.stateful.items()}
            write_tensors(self._folder / _CRASH, states)
        names = [*source.names, *(target.names if target else ())]
        raise TrainingError(
            f"{', '.join(wrong)} is no number at step {step + 1}, with {', '.join(names)}",
            where=self._stage.name,
            fix=f"use a smaller rate or weight; the state is kept in {_CRASH}",
        )


def order_seed(seed: int, domain: int) -> int:
    """A seed for the order of one domain."""
    return int(np.random.SeedSequence((seed, domain)).generate_state(1)[0])


def _nth(batches: Iterator[Any], place: int) -> Any:
    return next(each for i, each in enumerate(batches) if i == place)


def _mirrored(pixels: Any, is_mirrored: bool) -> Any:
    return np.ascontiguousarray(pixels[:, ::-1]) if is_mirrored else pixels
