"""The rows of an ablation: each a stage of training, and the state that it begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import PlanError, did_you_mean
from dlscope.methods.adaptation.options import SIM, LossWeights

TargetLabels: TypeAlias = Literal["none", "own", "true"]
WARM_START = "warm_start"


@final
@dataclass(frozen=True)
class Recipe:
    """One row; `start` is the row whose network it goes on from.

    `labels` of the target: none, those that the network at the start gives itself, or the true
    ones, which only an oracle may see; an online one has new labels in every step.
    """

    start: str
    weights: LossWeights
    labels: TargetLabels = "none"
    told: str = ""
    is_online: bool = False


_OWN = LossWeights(pseudo=1.0)
RECIPES: Mapping[str, Recipe] = {
    "source": Recipe(WARM_START, LossWeights(), told="source alone"),
    "self_train": Recipe(WARM_START, _OWN, "own", "self-training"),
    "adv": Recipe(WARM_START, LossWeights(SIM.adversarial), told="adversarial"),
    "adv_stuff": Recipe(
        WARM_START, LossWeights(SIM.adversarial, stuff=SIM.stuff), told="adversarial, stuff"
    ),
    "adv_inst": Recipe(
        WARM_START,
        LossWeights(SIM.adversarial, instance=SIM.instance),
        told="adversarial, instances",
    ),
    "adv_stuff_inst": Recipe(WARM_START, SIM, told="adversarial, stuff and instances"),
    "adv_st": Recipe(
        "adv", LossWeights(SIM.adversarial, pseudo=1.0), "own", "adversarial, then self-training"
    ),
    "sim_st": Recipe(
        "adv_stuff_inst",
        LossWeights(SIM.adversarial, SIM.stuff, SIM.instance, 1.0),
        "own",
        "SIM: all terms, then self-training",
    ),
    "online": Recipe(WARM_START, _OWN, told="online: teacher and mixed images", is_online=True),
    "online_inst": Recipe(
        WARM_START,
        LossWeights(instance=SIM.instance, pseudo=1.0),
        told="online, with instances",
        is_online=True,
    ),
    "oracle": Recipe(WARM_START, LossWeights(), "true", "labels of the target"),
}


def told_of(row: str) -> str:
    """A row in words."""
    return RECIPES[row].told if row in RECIPES else row.replace("_", " ")


def in_order(rows: Collection[str]) -> tuple[str, ...]:
    """`rows` and those that they start from, each after its start.

    Raises `PlanError` for a row that there is not.
    """
    ordered: list[str] = []
    for row in rows:
        if row not in RECIPES:
            raise PlanError(
                f"there is no row {row!r}", where="rows", fix=did_you_mean(row, RECIPES)
            )
        start = RECIPES[row].start
        if start != WARM_START and start not in ordered:
            ordered.append(start)
        if row not in ordered:
            ordered.append(row)
    return tuple(ordered)
