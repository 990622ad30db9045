"""`Recipe`: everything that decides a training but the network, the images and their count.

region   the loss of 2019: Adam, sizes that change, whole images
iou      overlap and rank of positions: windows around the object first, whole images last,
         and the average of the weights at the end
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from dlscope.core.errors import PlanError, did_you_mean

Loss: TypeAlias = Literal["region", "iou"]


@final
@dataclass(frozen=True)
class Colors:
    """How colors are changed: hue by a share of the circle, the others by a factor or its inverse.

    `gain` is for each channel by itself.
    """

    hue: float = 0.1
    saturation: float = 1.5
    exposure: float = 1.5
    gain: float = 1.2


@final
@dataclass(frozen=True)
class Phase:
    """A stretch of a training, up to the share `until` of its iterations.

    Without a `window` the network sees whole images, each side moved by up to `jitter` of its
    length; with one, so large a share of each side around an object, at the scale that the image
    has, or scaled by up to `jitter`. Every ten iterations one of `scales` of the size is drawn.
    """

    until: float
    batch: int = 16
    scales: tuple[float, ...] = (1.0,)
    jitter: float = 0.0
    window: float | None = None


@final
@dataclass(frozen=True)
class LossWeights:
    """Of the terms of the loss `iou`, and which positions learn a box.

    A position learns a box where its cell can come as near to it as an overlap of `reach`, with
    the anchors that are like it by `alike`, or the one that is most.
    """

    box: float = 2.0
    sure: float = 1.0
    rank: float = 1.0
    reach: float = 0.7
    alike: float = 0.5


@final
@dataclass(frozen=True)
class Recipe:
    """Adam from `rate` down to the share `last_rate` of it along a cosine, after `warm_up` steps.

    `average` is the decay of the average of the weights that a training ends with, 0 for the
    weights themselves. Gradients are cut to the norm `clip`.
    """

    name: str
    loss: Loss
    phases: tuple[Phase, ...]
    rate: float = 2e-3
    last_rate: float = 0.005
    warm_up: int = 50
    weight_decay: float = 0.0
    clip: float = 10.0
    average: float = 0.0
    flip: float = 0.5
    colors: Colors = field(default_factory=Colors)
    weights: LossWeights = field(default_factory=LossWeights)

    def phase_at(self, progress: float) -> Phase:
        """The phase of a moment, 0…1."""
        return next((each for each in self.phases if progress < each.until), self.phases[-1])

    @property
    def shares(self) -> tuple[float, ...]:
        """Which share of the iterations each phase has."""
        starts = (0.0, *(phase.until for phase in self.phases[:-1]))
        return tuple(phase.until - start for start, phase in zip(starts, self.phases, strict=True))


_SCALES = (0.8, 0.9, 1.0, 1.1, 1.2)
REGION = Recipe(
    "region",
    "region",
    (Phase(0.9, scales=_SCALES, jitter=0.2), Phase(1.0, jitter=0.2)),
)
IOU = Recipe(
    "iou",
    "iou",
    (Phase(0.85, window=0.5, jitter=0.2), Phase(1.0, jitter=0.1)),
    rate=1.2e-2,
    average=0.99,
    colors=Colors(hue=0.05, saturation=1.3, exposure=1.3, gain=1.1),
)
RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (REGION, IOU)}


def recipe_of(name: str) -> Recipe:
    """The recipe of that name. Raises `PlanError` for another."""
    if name not in RECIPES:
        raise PlanError(
            f"there is no recipe {name!r}", where="recipe", fix=did_you_mean(name, RECIPES)
        )
    return RECIPES[name]
