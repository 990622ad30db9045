"""`BilevelSearch`: weights trained on one part of the images, choices on another, in turn.

First order: a step of the weights takes the choices as they are, and the other way round
(*EDD*, Li et al., DAC 2020; *DARTS*, Liu et al., ICLR 2019).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from torch.nn import functional

from dlscope.devices.relaxation import softness_at
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample
from dlscope.methods.codesign.relaxed.gumbel import Mode
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.epoch_figures import Clock, Means, RandomState
from dlscope.methods.codesign.searching.expectation import Expectation
from dlscope.methods.codesign.searching.images import LabelledImages, Splits
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.supernet import Supernet
from dlscope.training.batches import Batches, Indices
from dlscope.training.launching import Place, launched
from dlscope.training.loop import Figures, require_finite_loss
from dlscope.training.schedule import cosine, geometric, set_rate

_BETAS = (0.5, 0.999)
_SETTLED = 0.1
_STARTS = 100
_TWO_AND_ONE: tuple[Mode, Mode] = ("two_path", "hard")


@final
class BilevelSearch:
    """A supernet and its choices, and what happens to both in an epoch."""

    def __init__(
        self,
        implementer: Implementer,
        splits: Splits,
        schedule: SearchSchedule,
        aims: Aims,
        *,
        seed: int,
        place: Place = "cpu",
    ) -> None:
        self.implementer, self.schedule = implementer, schedule
        self._splits, self._seed = splits, seed
        self.fabric = launched(place)
        self.supernet = Supernet(implementer.space)
        self._expectation = Expectation(implementer, aims)
        self.architecture = self._expectation.architecture(seed)
        self._train = Batches(len(splits.train), schedule.batch, seed)
        self._validation = Batches(len(splits.validation), schedule.batch, seed)
        weights, self._choices = _optimizers(self.supernet, self.architecture, schedule)
        self._module, self._weights = self.fabric.setup(self.supernet, weights)
        self.clock = Clock()
        self.stateful = {
            "supernet": self.supernet,
            "architecture": self.architecture,
            "expectation": self._expectation,
            "weights": weights,
            "choices": self._choices,
            "random": RandomState(self.architecture.generator),
            "clock": self.clock,
        }

    def epoch(self, number: int) -> Figures:
        """Weights once over the images for training; after the warm-up, choices beside them."""
        means, choosing = Means(), self._validation_batches(number)
        steps = itertools.islice(self._train.of_epoch(number), self.schedule.most_steps)
        with self.clock:
            for step, indices in enumerate(steps):
                where = f"search, epoch {number + 1}, step {step + 1}"
                progress = (number + step / len(self._train)) / self.schedule.epochs
                walked = self.weight_step(indices, progress, turn=step)
                means.add(self._checked(walked, where, means))
                if number >= self.schedule.warm_up and step % self.schedule.every == 0:
                    chosen = self.choice_step(next(choosing), progress, turn=step)
                    means.add(self._checked(chosen, where, means))
            return self._ended(number, means)

    def weight_step(self, indices: Indices, progress: float, *, turn: int = 0) -> Figures:
        """A step of the weights of one network at its bits.

        By turns any network of the space and one that is drawn as θ and φ have it: designs are
        told apart by these weights, and where only what is likely had been trained, all that lies
        elsewhere on the front would be told wrong.
        """
        rate = cosine(progress, self.schedule.rate, self.schedule.last_rate)
        set_rate(self._weights, rate)
        with torch.no_grad():
            sample = (
                self.architecture.sample(self._temperature(progress), "hard")
                if turn % 2
                else self.architecture.any_path()
            )
        self._weights.zero_grad()
        loss, accuracy = self._loss(self._splits.train.of(indices), sample)
        self.fabric.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.supernet.parameters(), self.schedule.clip)
        self._weights.step()
        return {
            "training_loss": float(loss.detach()),
            "training_accuracy": accuracy,
            "weight_gradient": float(norm),
            "learning_rate": rate,
        }

    def choice_step(self, indices: Indices, progress: float, *, turn: int) -> Figures:
        """A step of θ, φ and pf on images that no weights are trained on.

        Two paths of each block are walked: by turns two operations at one precision, and one
        operation at two.
        """
        temperature, softness = self._temperature(progress), softness_at(progress)
        self.supernet.requires_grad_(False)
        sample = self._two_paths(temperature, turn)
        self._choices.zero_grad()
        loss, accuracy = self._loss(self._splits.validation.of(indices), sample)
        objective = self._expectation.objective(loss, self.architecture, sample, softness)
        self.fabric.backward(objective)
        norm = torch.nn.utils.get_total_norm(
            [each.grad for each in self.architecture.parameters() if each.grad is not None]
        )
        self._choices.step()
        self.supernet.requires_grad_(True)
        return {
            "loss": float(loss.detach()),
            "accuracy": accuracy,
            "objective": float(objective.detach()),
            "architecture_gradient": float(norm),
        }

    def is_settled(self, history: Sequence[Mapping[str, float]]) -> bool:
        """Whether every choice is as good as made."""
        last = history[-1]
        names = ("operation_entropy", "precision_entropy")
        return len(history) > self.schedule.warm_up and all(last[n] < _SETTLED for n in names)

    def starts(self) -> list[Design]:
        """The likeliest design, and a hundred that are drawn."""
        rng = np.random.default_rng((self._seed, 1))
        return [self.architecture.design(), *self.architecture.drawn(_STARTS, rng)]

    def _two_paths(self, temperature: float, turn: int) -> Sample:
        both, one = (self.architecture.sample(temperature, mode) for mode in _TWO_AND_ONE)
        if turn % 2:
            return Sample(one.operations, both.precisions)
        return Sample(both.operations, one.precisions)

    def _loss(self, images: LabelledImages, sample: Sample) -> tuple[Any, float]:
        device = self.fabric.device
        labels = torch.from_numpy(images.labels).to(device)
        weights = [each.float().to(device) for each in sample]
        logits = self._module(torch.from_numpy(images.images_nchw).to(device), *weights)
        right = (logits.detach().argmax(1) == labels).float().mean()
        return functional.cross_entropy(logits, labels), float(right)

    def _ended(self, number: int, means: Means) -> Figures:
        progress = (number + 1) / self.schedule.epochs
        operations, precisions = self.architecture.entropies()
        figures = means.of_all()
        figures.setdefault("loss", figures["training_loss"])
        figures.setdefault("accuracy", figures["training_accuracy"])
        return {
            **figures,
            **self._expectation.figures(self.architecture, softness_at(progress)),
            "temperature": self._temperature(progress),
            "operation_entropy": operations,
            "precision_entropy": precisions,
        }

    def _checked(self, figures: Figures, where: str, means: Means) -> Figures:
        for name in ("training_loss", "loss", "objective"):
            if name in figures:
                require_finite_loss(
                    figures[name],
                    where=where,
                    rate=figures.get("learning_rate", self.schedule.architecture_rate),
                    last=means.last(name),
                )
        return figures

    def _validation_batches(self, number: int) -> Iterator[Indices]:
        """Batches of validation images, over and over, in an order of this epoch."""
        rounds = itertools.count(number * len(self._train))
        return itertools.chain.from_iterable(map(self._validation.of_epoch, rounds))

    def _temperature(self, progress: float) -> float:
        schedule = self.schedule
        return geometric(progress, schedule.temperature, schedule.last_temperature)


def _optimizers(
    supernet: Supernet, architecture: Architecture, schedule: SearchSchedule
) -> tuple[Any, Any]:
    weights = torch.optim.SGD(
        supernet.parameters(), schedule.rate, schedule.momentum, weight_decay=schedule.decay
    )
    choices = torch.optim.Adam(
        [
            {"params": [architecture.theta, architecture.phi], "lr": schedule.architecture_rate},
            {"params": [architecture.pf], "lr": schedule.lanes_rate, "weight_decay": 0.0},
        ],
        betas=_BETAS,
        weight_decay=schedule.architecture_decay,
    )
    return weights, choices
