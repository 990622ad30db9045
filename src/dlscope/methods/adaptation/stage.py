"""`Stage`: a stretch of training with the same terms, from one state of a network to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from dlscope.data.scene_classes import Ids
from dlscope.methods.adaptation.options import LossWeights
from dlscope.methods.adaptation.pictures import Pictures
from dlscope.methods.adaptation.selecting import Selected
from dlscope.methods.adaptation.unmatched import Unmatched
from dlscope.training.loop import Ending, Figures


@final
@dataclass(frozen=True)
class Stage:
    """`batch` is (source, target); `seed` tells apart what is drawn in stages of one training.

    An online stage makes labels of the target in every step, and ends with the average of the
    network over its steps.
    """

    name: str
    steps: int
    rate: float
    batch: tuple[int, int]
    weights: LossWeights
    seed: int
    is_online: bool = False


@final
@dataclass(frozen=True)
class StageData:
    """What a stage reads: labelled source, target if it is looked at, its labels if they are used.

    `target_labels` has a map of ids for each image of the target: pseudo labels, or the true ones
    of an oracle.
    """

    source: Pictures
    target: Pictures | None = None
    target_labels: Sequence[Ids] | None = None


@final
@dataclass(frozen=True)
class StageResult:
    """How a stage ended, figures between its checkpoints, and what was strange about it.

    `steps` are those that were carried out; `selected` weights where some were asked for.
    `unmatched` are the classes that features should have been drawn to, and were not.
    """

    ending: Ending
    history: tuple[Figures, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: int = 0
    selected: Selected | None = None
    unmatched: Unmatched = field(default_factory=dict)
