"""`train_design`: a design trained from scratch, at its own bits, as it will be emitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from torch.nn import functional

from dlscope.core.digest import digest
from dlscope.methods.codesign.folded_network import FoldedNetwork
from dlscope.methods.codesign.searching.images import LabelledImages
from dlscope.methods.codesign.searching.scoring import Score, score
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.supernet.folding import folded
from dlscope.methods.codesign.supernet.network import DesignNetwork
from dlscope.training.batches import Batches
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.determinism import reproducible
from dlscope.training.launching import Place, launched
from dlscope.training.loop import Figures, TrainingLoop, require_finite_loss
from dlscope.training.schedule import cosine, set_rate

_FOLDED_SHARE = 0.2
_SHIFT = 2  # pixels that an image is moved by at most


def _ignore(_step: str, _share: float) -> None:
    pass


@final
@dataclass(frozen=True)
class Recipe:
    """How a design is trained: SGD with momentum, its rate falling along a cosine.

    In the last fifth of the epochs normalisation is part of the weights, and the ranges of
    activations stay: what is trained then is what is emitted. `shifts`: images are moved by up to
    two pixels.
    """

    epochs: int
    batch: int = 64
    rate: float = 0.1
    last_rate: float = 0.0005
    momentum: float = 0.9
    decay: float = 4e-5
    clip: float = 5.0
    shifts: bool = True

    @property
    def folded_from(self) -> int:
        """The first epoch with folded normalisation; none of a single one."""
        return self.epochs - max(round(_FOLDED_SHARE * self.epochs), 1) if self.epochs > 1 else 1


@final
@dataclass(frozen=True, eq=False)
class TrainedDesign:
    """A design, its trained network, and its scores on images it has not seen, by their name."""

    design: Design
    network: FoldedNetwork
    scores: Mapping[str, Score]
    history: tuple[Mapping[str, float], ...]


def train_design(
    space: Space,
    design: Design,
    train: LabelledImages,
    held_out: Mapping[str, LabelledImages],
    recipe: Recipe,
    *,
    seed: int = 0,
    threads: int = 1,
    place: Place = "cpu",
    folder: Path | None = None,
    told: Callable[[str, float], None] = _ignore,
    name: str = "training",
) -> TrainedDesign:
    """`design` trained on `train` and scored on `held_out`, the same for the same seed and threads.

    With a `folder` it goes on from the checkpoint there. Raises `TrainingError` where the loss is
    no number.
    """
    with reproducible(seed, threads=threads, is_strict=place == "cpu"):
        training = _Training(space, design, train, recipe, seed, place, name)
        loop = TrainingLoop(
            training.stateful,
            recipe.epochs,
            checkpoints=Checkpoints(folder, training.identity) if folder else None,
            told=told,
            name=name,
        )
        history = loop.run(training.epoch).history
        network = training.network.eval()
        scores = {
            name: score(network, images, device=training.fabric.device)
            for name, images in held_out.items()
        }
    return TrainedDesign(design, folded(network.cpu()), scores, history)


@final
class _Training:
    """The state of one training and what happens in an epoch of it."""

    def __init__(
        self,
        space: Space,
        design: Design,
        train: LabelledImages,
        recipe: Recipe,
        seed: int,
        place: Place,
        name: str,
    ) -> None:
        self.fabric = launched(place)
        self.network = DesignNetwork(space, design)
        self._recipe, self._train, self._name = recipe, train, name
        optimizer = torch.optim.SGD(
            self.network.parameters(), recipe.rate, recipe.momentum, weight_decay=recipe.decay
        )
        self._module, self._optimizer = self.fabric.setup(self.network, optimizer)
        self._batches = Batches(len(train), recipe.batch, seed)
        self._seed = seed
        self.stateful = {"network": self.network, "optimizer": optimizer}
        asked = {"design": design.to_json(), "recipe": vars(recipe), "seed": seed, "n": len(train)}
        self.identity = digest(asked)

    def epoch(self, number: int) -> Figures:
        """One walk over the images."""
        if number >= self._recipe.folded_from and not self.network.is_folded:
            self.network.fold()
            self._optimizer.optimizer.state.clear()  # momentum of weights of another scale
        self._module.train()
        losses: list[float] = []
        moved = torch.Generator().manual_seed(self._seed * 1_000_003 + number)
        for step, indices in enumerate(self._batches.of_epoch(number)):
            rate = self._rate(number + step / len(self._batches))
            set_rate(self._optimizer, rate)
            loss = self._step(self._train.of(indices), moved)
            where = f"{self._name}, epoch {number + 1}, step {step + 1}"
            require_finite_loss(loss, where=where, rate=rate, last=losses[-3:])
            losses.append(loss)
        return {"loss": sum(losses) / len(losses)}

    def _rate(self, epochs: float) -> float:
        recipe = self._recipe
        warm_up = min(1.0, recipe.epochs / 4) / recipe.epochs
        return max(
            cosine(epochs / recipe.epochs, recipe.rate, recipe.last_rate, warm_up=warm_up),
            recipe.last_rate,
        )

    def _step(self, batch: LabelledImages, moved: Any) -> float:
        images = torch.from_numpy(batch.images_nchw)
        if self._recipe.shifts:
            images = shifted(images, moved)
        self._optimizer.zero_grad()
        logits = self._module(images.to(self.fabric.device))
        labels = torch.from_numpy(batch.labels).to(self.fabric.device)
        loss = functional.cross_entropy(logits, labels)
        self.fabric.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.clip)
        self._optimizer.step()
        return float(loss.detach())


def shifted(images_nchw: Any, generator: Any) -> Any:
    """The images moved by up to two pixels each way, all of a batch alike; what is new is 0."""
    by = torch.randint(0, 2 * _SHIFT + 1, (2,), generator=generator).tolist()
    height, width = images_nchw.shape[2:]
    padded = functional.pad(images_nchw, [_SHIFT] * 4)
    return padded[:, :, by[0] : by[0] + height, by[1] : by[1] + width]
