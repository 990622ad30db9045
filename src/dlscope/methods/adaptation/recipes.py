"""The rows of an ablation: each a stage of training, and the state that it begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import PlanError, did_you_mean
from dlscope.methods.adaptation.options import AdaptationOptions, LossWeights
from dlscope.zoo.segmenter.named import SEGMENTERS

TargetLabels: TypeAlias = Literal["none", "own", "true"]
Term: TypeAlias = Literal["adversarial", "stuff", "instance"]
Kind: TypeAlias = Literal["steps", "online", "statistics"]
WARM_START = "warm_start"
_ALL: tuple[Term, ...] = ("adversarial", "stuff", "instance")


@final
@dataclass(frozen=True)
class Recipe:
    """One row; `start` is the row whose network it goes on from, `terms` what it adds.

    `labels` of the target: none, those that the network at the start gives itself, or the true
    ones, which only an oracle may see. An `online` kind has new labels in every step; one of
    `statistics` takes no step, and measures the target for the normalisations alone. `is_guarded`:
    see `AdaptationOptions.guarded`. `is_long`: as many steps as the online rows and the one before
    them have together.
    """

    start: str
    terms: tuple[Term, ...] = ()
    labels: TargetLabels = "none"
    told: str = ""
    kind: Kind = "steps"
    is_guarded: bool = False
    is_long: bool = False

    def weights(self, options: AdaptationOptions) -> LossWeights:
        """λ of each term of this row."""
        of = options.second_weights if self.labels == "own" else options.weights
        return LossWeights(
            of.adversarial if "adversarial" in self.terms else 0.0,
            of.stuff if "stuff" in self.terms else 0.0,
            of.instance if "instance" in self.terms else 0.0,
            1.0 if self.labels == "own" or self.kind == "online" else 0.0,
        )


RECIPES: Mapping[str, Recipe] = {
    "source": Recipe(WARM_START, told="source alone"),
    "adabn": Recipe("source", told="statistics of the target", kind="statistics"),
    "self_train": Recipe(WARM_START, (), "own", "self-training"),
    "adv": Recipe(WARM_START, ("adversarial",), told="adversarial"),
    "adv_stuff": Recipe(WARM_START, ("adversarial", "stuff"), told="adversarial, stuff"),
    "adv_inst": Recipe(WARM_START, ("adversarial", "instance"), told="adversarial, instances"),
    "adv_stuff_inst": Recipe(WARM_START, _ALL, told="adversarial, stuff and instances"),
    "sim_guarded": Recipe(WARM_START, _ALL, told="SIM with guards", is_guarded=True),
    "adv_st": Recipe("adv", ("adversarial",), "own", "adversarial, then self-training"),
    "sim_st": Recipe("adv_stuff_inst", _ALL, "own", "SIM: all terms, then self-training"),
    "source_long": Recipe(
        WARM_START, told="source alone, trained for as many steps as online", is_long=True
    ),
    "online": Recipe(
        "adv_stuff_inst", told="online after SIM: teacher and mixed images", kind="online"
    ),
    "online_inst": Recipe(
        "adv_stuff_inst", ("instance",), told="online, with instances", kind="online"
    ),
    "oracle": Recipe(WARM_START, labels="true", told="labels of the target"),
}


def told_of(row: str) -> str:
    """A row in words."""
    return RECIPES[row].told if row in RECIPES else row.replace("_", " ")


def is_selectable(row: str) -> bool:
    """Whether a row takes steps from the warm start, so that weights may be selected of it."""
    return row != WARM_START and RECIPES[row].kind != "statistics"


def all_rows(network: str) -> tuple[str, ...]:
    """Every row that differs from the others on `network`: statistics only where it has some."""
    has_statistics = SEGMENTERS[network].has_batch_statistics
    return tuple(
        row for row, each in RECIPES.items() if has_statistics or each.kind != "statistics"
    )


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
        for each in (*_before(row), row):
            if each not in ordered:
                ordered.append(each)
    return tuple(ordered)


def _before(row: str) -> tuple[str, ...]:
    """The rows that `row` starts from, the first one first; without the warm start."""
    start = RECIPES[row].start
    return () if start == WARM_START else (*_before(start), start)
