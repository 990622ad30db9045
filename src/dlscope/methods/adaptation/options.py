"""`AdaptationOptions`: everything that decides a training, and the presets of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, final

from dlscope.core.errors import PlanError, did_you_mean
from dlscope.methods.adaptation.feature_memory import MemorySizes
from dlscope.methods.adaptation.matching import MatchingRules
from dlscope.methods.adaptation.translating import TRANSLATIONS, Translation

Optimizer: TypeAlias = Literal["adamw", "sgd"]
STRONG_MATCHING = 0.05
"""λ of matching above which it did harm on drawn scenes, ten times the paper's included."""
_GUARDED_PIXELS, _GUARDED_FROM = 4, 0.5


@final
@dataclass(frozen=True)
class LossWeights:
    """λ of each term that looks at the target; 0 leaves it out."""

    adversarial: float = 0.0
    stuff: float = 0.0
    instance: float = 0.0
    pseudo: float = 0.0

    @property
    def matches(self) -> bool:
        """Whether features are drawn to remembered ones."""
        return self.stuff > 0 or self.instance > 0

    @property
    def sees_target(self) -> bool:
        """Whether any image of the target goes through the network."""
        return self.matches or self.adversarial > 0 or self.pseudo > 0


@final
@dataclass(frozen=True)
class OnlineRules:
    """How sure the teacher has to be of a pixel, how slowly it follows, how rare classes count.

    `steps` as a multiple of those of other rows. Chosen on drawn scenes of seed 1077, whose images
    are not among those that results are reported of.
    """

    sure: float = 0.9
    decay: float = 0.995
    temperature: float = 0.1
    steps: int = 5


SIM = LossWeights(adversarial=0.005, stuff=0.01, instance=0.01)


@final
@dataclass(frozen=True)
class AdaptationOptions:
    """Sizes are (width, height); `batch` is (source, target). Rates fall as (1 − i/n)^0.9.

    `rise` is how many steps the rate rises linearly; `horizon` the n of the rate where training
    stops earlier, 0 for the steps themselves. `matching_from` is the share of the steps after
    which features are matched, `ramp` the share over which that is faded in. `weights` are those
    of a row that has the terms, `second_weights` those of a stage that trains on labels of its
    own; with `restarts` such a stage begins with the warm start, not with what labelled it.
    `initial` is a file of weights that the network starts from.
    """

    network: str = "sceneseg_lite"
    aspp: str = ""
    initial: str = ""
    allows_partial: bool = False
    translate: Translation = "none"
    size: tuple[int, int] = (192, 96)
    batch: tuple[int, int] = (6, 6)
    optimizer: Optimizer = "adamw"
    rate: float = 1e-3
    decay: float = 1e-4
    head_factor: float = 1.0
    discriminator_rate: float = 2e-4
    discriminator_width: int = 16
    warm_up_steps: int = 700
    warm_up_batch: int = 8
    warm_up_rate: float = 3e-3
    steps: int = 200
    weights: LossWeights = SIM
    second_weights: LossWeights = SIM
    restarts: bool = False
    horizon: int = 0
    rise: int = 50
    flips: bool = True
    memory: MemorySizes = field(default_factory=lambda: MemorySizes(50, 100, 20))
    rules: MatchingRules = field(default_factory=MatchingRules)
    online: OnlineRules = field(default_factory=OnlineRules)
    matching_from: float = 0.0
    ramp: float = 0.0
    checkpoint_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.warm_up_steps, *self.batch, self.warm_up_batch) < 1:
            raise PlanError(
                "a training without steps, or with an empty batch",
                where="options of the adaptation",
                fix="use at least one step, and one image of each domain in a batch",
            )
        if min(self.size) < 32 or any(side % 8 for side in self.size):
            raise PlanError(
                f"images of {self.size[0]}x{self.size[1]}",
                where="options of the adaptation",
                fix="use sides that are multiples of 8 and at least 32 pixels",
            )
        if self.translate not in TRANSLATIONS:
            raise PlanError(
                f"there is no translation {self.translate!r}",
                where="options of the adaptation",
                fix=did_you_mean(self.translate, TRANSLATIONS),
            )

    def guarded(self) -> AdaptationOptions:
        """The same, careful with what is matched.

        Instances of at least four pixels that the head itself takes for their class, and none
        before half of the steps.
        """
        rules = replace(self.rules, checks_instances=True, least_pixels=_GUARDED_PIXELS)
        return replace(self, rules=rules, matching_from=max(self.matching_from, _GUARDED_FROM))


LIGHT = AdaptationOptions()
PAPER = AdaptationOptions(
    network="deeplabv2_resnet101",
    aspp="first_two",
    size=(1024, 512),
    batch=(1, 1),
    optimizer="sgd",
    rate=2.5e-4,
    decay=5e-4,
    head_factor=10.0,
    discriminator_rate=1e-4,
    discriminator_width=64,
    warm_up_steps=1,
    warm_up_batch=1,
    warm_up_rate=2.5e-4,
    steps=200_000,
    weights=LossWeights(0.001, 0.01, 0.01),
    second_weights=LossWeights(0.001, 0.001, 0.001),
    restarts=True,
    horizon=250_000,
    rise=0,
    flips=False,
    memory=MemorySizes(),
    checkpoint_every=5000,
    seed=1234,
)
PRESETS: Mapping[str, AdaptationOptions] = {
    "smoke": replace(
        LIGHT,
        size=(128, 64),
        batch=(2, 2),
        warm_up_steps=8,
        warm_up_batch=2,
        steps=6,
        checkpoint_every=4,
        memory=MemorySizes(8, 8, 2),
    ),
    "ci": LIGHT,
    "gpu": replace(LIGHT, size=(512, 256), steps=2000, warm_up_steps=4000),
    "paper": PAPER,
}


def preset_of(name: str) -> AdaptationOptions:
    """The preset of that name. Raises `PlanError` for another."""
    if name not in PRESETS:
        raise PlanError(
            f"there is no preset {name!r}", where="preset", fix=did_you_mean(name, PRESETS)
        )
    return PRESETS[name]
