"""Which checkpoint of a row is taken beside the last one, which stays the headline.

    source_val      highest mean IoU on images of the source that were not trained on
    target_entropy  lowest mean entropy on the target, its classes near those of the source
    oracle          highest mean IoU on validation images of the target: reads labels of it

A network that takes the whole target for one class is sure of it: where predicted classes differ
from those of the source by more than half of the pixels, a checkpoint does not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.data.scene_classes import CLASSES
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.evaluating import evaluated
from dlscope.methods.adaptation.pictures import network_input
from dlscope.training.loop import Figures
from dlscope.zoo.segmenter.segmenter import Segmenter

Selection: TypeAlias = Literal["last", "source_val", "target_entropy", "oracle"]
SELECTIONS: tuple[Selection, ...] = ("last", "source_val", "target_entropy", "oracle")
SCORE, MOVED = "selection", "classes_moved"
MOST_MOVED = 0.5
_LOOKED_AT, _AT_ONCE = 100, 8


@final
@dataclass(frozen=True)
class Selected:
    """Weights after `step` of a stage, and what they were selected by."""

    by: Selection
    step: int
    state: Mapping[str, Any]


def told_of_selection(by: str) -> str:
    """What weights were selected by, in words; of an oracle that it is none that can be used."""
    return "oracle: by labels of the target" if by == "oracle" else by


def best_checkpoint(history: Sequence[Mapping[str, float]]) -> int | None:
    """The number, from 1, of the checkpoint with the highest score, the first of equals.

    None where no checkpoint counts.
    """
    scores = {number: each[SCORE] for number, each in enumerate(history, 1) if SCORE in each}
    return max(scores, key=lambda number: scores[number], default=None)


@final
class Selecting:
    """Scores the checkpoints of a stage `by` one of `SELECTIONS`, `last` excepted."""

    def __init__(self, by: Selection, domains: Domains) -> None:
        self.by, self._domains = by, domains

    def figures(self, network: Segmenter) -> Figures:
        """The score of `network`, the higher the better; without one where it does not count."""
        if self.by == "target_entropy":
            return self._sureness(network)
        domains = self._domains
        judges = domains.target_judges if self.by == "oracle" else domains.source_judges
        found = evaluated(network, judges, domains.options.rules.split).miou
        return {} if found is None else {SCORE: found}

    def _sureness(self, network: Segmenter) -> Figures:
        entropy, shares = self._seen(network)
        moved = float(np.abs(shares - self._source_shares).sum() / 2)
        return {MOVED: moved} | ({SCORE: -entropy} if moved <= MOST_MOVED else {})

    def _seen(self, network: Segmenter) -> tuple[float, NDArray[np.float64]]:
        """Mean entropy in nats on the target, and the share of each class in what is predicted."""
        pictures = self._domains.target_pictures
        chosen = np.linspace(0, len(pictures) - 1, min(_LOOKED_AT, len(pictures))).round()
        places = list(dict.fromkeys(chosen.astype(int).tolist()))
        entropies, counts = [], np.zeros(len(CLASSES))
        was_training = network.training
        network.eval()
        with torch.no_grad():
            for first in range(0, len(places), _AT_ONCE):
                images = [pictures.image(place) for place in places[first : first + _AT_ONCE]]
                logits = network(network_input(images, network))[1]
                spread = torch.distributions.Categorical(logits=logits.movedim(1, -1)).entropy()
                entropies += spread.mean(dim=(1, 2)).tolist()
                found = torch.bincount(logits.argmax(dim=1).flatten(), minlength=len(CLASSES))
                counts += found.cpu().numpy()
        network.train(was_training)
        return float(np.mean(entropies)), counts / counts.sum()

    @cached_property
    def _source_shares(self) -> NDArray[np.float64]:
        pictures = self._domains.source_pictures
        counts = sum(
            np.bincount(pictures.labels(i).ravel(), minlength=256)[: len(CLASSES)]
            for i in range(len(pictures))
        )
        return np.asarray(counts / max(np.sum(counts), 1))
