"""`train_tracker`: a Siamese network taught by pairs; a killed training goes on bit for bit.

Letters: B pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

import torch

from dlscope.core.digest import digest
from dlscope.core.errors import TrainingError
from dlscope.methods.skynet.tracking.inputs import as_input
from dlscope.methods.skynet.tracking.losses import tracker_loss
from dlscope.methods.skynet.tracking.pairs import Pairs, PairSource
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.epoch_steps import EpochSteps
from dlscope.training.loop import Ending, Figures, TrainingLoop, require_finite_loss
from dlscope.training.schedule import cosine, geometric, set_rate
from dlscope.zoo.siamese.network import Response, SiameseNetwork

Recipe: TypeAlias = Literal["short", "published"]
RECIPES: tuple[Recipe, ...] = ("short", "published")
_WARM_UP = 50
_PUBLISHED_WARM_UP = 5 / 60
_LAST_SHARE = 0.005
_CLIP, _DECAY, _MOMENTUM = 10.0, 1e-4, 0.9
_TRUNK_SHARE = 0.1
_FROZEN_SHARE = 0.5
_TOLD_LOSSES = 5


@final
@dataclass(frozen=True)
class TrainedTracker:
    """How a training ended, after so many steps, and the figures of each `every` of them."""

    ending: Ending
    history: tuple[Figures, ...]
    steps: int


@final
@dataclass(frozen=True)
class TrackerTraining:
    """How a tracker is trained.

    `short` is Adam along a cosine from `rate`, for a network that starts from nothing. `published`
    is SGD with 5/60 of the steps from 1e-3 to 5e-3 and the rest down to 2.5e-3 by equal ratios.
    With `has_trained_trunk` the trunk is frozen for the first half and has a tenth of the rate
    then. `every` is how many steps lie between two checkpoints.
    """

    iterations: int = 1600
    batch: int = 16
    rate: float = 3e-3
    seed: int = 0
    every: int = 100
    recipe: Recipe = "short"
    has_trained_trunk: bool = False

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.every) < 1 or not self.rate > 0:
            raise TrainingError(
                f"{self.iterations} steps of {self.batch} pairs at {self.rate:g} teach nothing",
                where="tracker training",
                fix="give at least one step, one pair and a rate above 0",
            )

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        progress = (step + 1) / self.iterations
        if self.recipe == "short":
            warm_up = min(_WARM_UP / self.iterations, 0.5)
            return cosine(progress, self.rate, self.rate * _LAST_SHARE, warm_up=warm_up)
        if progress < _PUBLISHED_WARM_UP:
            return 1e-3 + (5e-3 - 1e-3) * progress / _PUBLISHED_WARM_UP
        return geometric((progress - _PUBLISHED_WARM_UP) / (1 - _PUBLISHED_WARM_UP), 5e-3, 2.5e-3)


def train_tracker(
    network: SiameseNetwork,
    pairs: PairSource,
    options: TrackerTraining,
    folder: Path | None = None,
    *,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedTracker:
    """Train `network` in place; the figures of an epoch are means over `every` steps.

    Goes on from the checkpoint in `folder`. Asked to stop it ends after the step at hand, and
    keeps that. Raises `TrainingError` where a loss is no number.
    """
    network.to(memory_format=torch.channels_last)
    of_epoch = EpochSteps(should_stop)
    steps = _Steps(network, pairs, options, of_epoch)
    chunk = options.every
    identity = digest(
        {
            "design": network.design.to_json(),
            "options": asdict(options),
            "pairs": pairs.identity,
        }
    )
    loop = TrainingLoop(
        {"network": network, "optimizer": steps.optimizer, "steps": of_epoch},
        math.ceil(options.iterations / chunk),
        checkpoints=None if folder is None else Checkpoints(folder, identity),
        name="tracker",
    )
    trained = loop.run(
        lambda number: steps.carried_out(
            range(number * chunk, min((number + 1) * chunk, options.iterations)), told
        ),
        should_stop=should_stop,
    )
    network.eval()
    taken = min(len(trained.history) * chunk + len(of_epoch), options.iterations)
    return TrainedTracker(trained.ending, trained.history, taken)


@final
class _Steps:
    def __init__(
        self,
        network: SiameseNetwork,
        pairs: PairSource,
        options: TrackerTraining,
        of_epoch: EpochSteps,
    ) -> None:
        self._network, self._pairs, self._options = network, pairs, options
        self._of_epoch = of_epoch
        trunk = list(network.trunk.parameters())
        known = {id(each) for each in trunk}
        others = [each for each in network.parameters() if id(each) not in known]
        groups: list[dict[str, Any]] = [{"params": others}, {"params": trunk}]
        self.optimizer = (
            torch.optim.Adam(groups, lr=options.rate)
            if options.recipe == "short"
            else torch.optim.SGD(groups, lr=1e-3, momentum=_MOMENTUM, weight_decay=_DECAY)
        )
        self._last: list[float] = []

    def carried_out(self, steps: range, told: Callable[[str, float], None]) -> Figures | None:
        """The mean losses over some steps, and the last rate; None if stopped before.

        `told` hears of each step.
        """
        most = self._options.iterations
        loss = f", loss {self._last[-1]:.4g}" if self._last else ""
        now = f"tracker, step {steps[0] + len(self._of_epoch) + 1} of {most}{loss}"

        def one(step: int) -> Figures:
            told(now, step / most)
            self._prepare(step)
            return self._step(step)

        figures = self._of_epoch.carried_out(steps, one)
        if figures is None:
            return None
        means = {name: sum(each[name] for each in figures) / len(steps) for name in figures[0]}
        return means | {"rate": self._options.rate_at(steps[-1])}

    def _prepare(self, step: int) -> None:
        """Rates of the groups, and whether the trunk learns."""
        options = self._options
        rate = options.rate_at(step)
        set_rate(self.optimizer, rate)
        self._network.train()
        if not options.has_trained_trunk:
            return
        is_frozen = step < options.iterations * _FROZEN_SHARE
        self._network.trunk.train(not is_frozen)
        self._network.trunk.requires_grad_(not is_frozen)
        self.optimizer.param_groups[1]["lr"] = rate * _TRUNK_SHARE

    def _step(self, step: int) -> Figures:
        pairs = self._pairs.batch(step, self._options.batch)
        response = self._network(*map(as_input, (pairs.templates_bctt, pairs.searches_bcss)))
        loss = tracker_loss(
            response,
            torch.from_numpy(pairs.labels.kinds),
            torch.from_numpy(pairs.labels.offsets),
            self._masks(response, pairs),
        )
        total = float(loss.total.detach())
        require_finite_loss(
            total,
            where=f"tracker training, step {step}",
            rate=self._options.rate_at(step),
            last=self._last,
        )
        self._last = [*self._last[1 - _TOLD_LOSSES :], total]
        self.optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), _CLIP)
        self.optimizer.step()
        parts = {"score_loss": loss.scores, "box_loss": loss.boxes, "mask_loss": loss.masks}
        return {"loss": total} | {
            name: float(part.detach()) for name, part in parts.items() if part is not None
        }

    def _masks(self, response: Response, pairs: Pairs) -> tuple[Any, Any] | None:
        """Logits and values of the masks, None for a design without."""
        if pairs.masks is None:
            return None
        logits_pm = self._network.masks_at(response, torch.from_numpy(pairs.masks.places_p3))
        return logits_pm, torch.from_numpy(pairs.masks.values_pmm)
