"""`ablation`: why the gradient search that was published falls short on oracle spaces.

One thing at a time is changed from the published settings. Each result is judged three ways:

    learnt       lanes as the search left them, scaled to the budget, rounded down to powers of two
    exact        the same choices with the best powers of two
    continuous   the same choices with the best lanes of any size, against the best such design

What `learnt` loses beyond `exact` is due to lanes that a gradient found; what `exact` loses beyond
`continuous` is due to powers of two, which no gradient saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from dlscope.core.stats import bootstrap_interval, mean
from dlscope.core.table import Cell, Column, Table
from dlscope.devices.base import Floats
from dlscope.methods.codesign.estimated_columns import estimated
from dlscope.methods.codesign.exploring.judge import product
from dlscope.methods.codesign.oracle.enumeration import Enumeration, all_choices
from dlscope.methods.codesign.oracle.gradient_search import (
    PUBLISHED,
    GradientSettings,
    descend,
)
from dlscope.methods.codesign.oracle.instance import OracleInstance
from dlscope.methods.codesign.oracle.study import Told, tell_nobody
from dlscope.methods.codesign.relaxed.architecture import Architecture
from dlscope.methods.codesign.relaxed.objective import Objective
from dlscope.methods.codesign.space.choices import Choices

_FASTER, _SLOW, _FAST, _LONGER = 4, 0.01, 0.1, 3
_HIGHER_LOG2 = 2.0
_COLUMNS = (
    Column("setting", "str", "what differs from the published search", role="id"),
    Column("runs", "int", "runs, over instances and seeds", role="count"),
    Column(
        "learnt",
        "float",
        "mean regret with the lanes that were learnt, scaled and rounded down",
        "share",
        "share",
    ),
    *estimated("exact", "mean regret of the choices with the best lanes", "share", "share"),
    Column(
        "continuous", "float", "mean regret of the choices were lanes of any size", "share", "share"
    ),
    Column(
        "unused", "float", "share of the budget that learnt lanes leave unused", "share", "share"
    ),
    Column(
        "chosen_lag",
        "float",
        "mean distance of learnt from best lanes where they were chosen, doublings",
        role="value",
    ),
    Column("other_lag", "float", "the same of what was not chosen", role="value"),
)

SETTINGS: Mapping[str, GradientSettings] = {
    "published": PUBLISHED,
    "slower, rate 0.01": replace(PUBLISHED, rate=_SLOW, lane_rate=_SLOW),
    "faster, rate 0.1": replace(PUBLISHED, rate=_FAST, lane_rate=_FAST),
    "three times the steps": replace(PUBLISHED, steps=_LONGER * PUBLISHED.steps),
    "soft samples": replace(PUBLISHED, mode="soft"),
    "two paths": replace(PUBLISHED, mode="two_path"),
    "lanes at 4 times the rate": replace(PUBLISHED, lane_rate=_FASTER * PUBLISHED.lane_rate),
    "lanes start 4 times as many": replace(PUBLISHED, extra_log2=_HIGHER_LOG2),
    "one pf for a block": replace(PUBLISHED, lane_scope="block"),
    "slowest stage sharpens": replace(PUBLISHED, anneals=True),
    "logarithm of the objective": replace(PUBLISHED, objective=Objective("log")),
    "lanes in closed form": replace(
        PUBLISHED, lanes="closed_form", objective=Objective("product", has_penalty=False)
    ),
    "closed form, soft samples": replace(
        PUBLISHED,
        lanes="closed_form",
        mode="soft",
        objective=Objective("product", has_penalty=False),
    ),
}


def ablation(
    enumerations: Sequence[Enumeration],
    seeds: Sequence[int],
    *,
    settings: Mapping[str, GradientSettings] = SETTINGS,
    told: Told = tell_nobody,
) -> Table:
    """The table `ablation` over instances and seeds."""
    known = [_Continuous(each) for each in enumerations]
    records: list[Mapping[str, Cell]] = []
    for place, (name, setting) in enumerate(settings.items()):
        told(name, place / len(settings))
        rows = [_judged(each, setting, seed) for each in known for seed in seeds]
        records.append({"setting": name, "runs": len(rows), **_averaged(rows)})
    return Table.of("ablation", _COLUMNS, records)


@final
class _Continuous:
    """An instance, all its designs, and the best of them if lanes could be of any size."""

    def __init__(self, every: Enumeration) -> None:
        self.every = every
        choices = all_choices(every.instance)
        self.best = float(product(every.losses, balanced_ns(every.instance, choices)).min())

    def regret(self, choices: Choices) -> float:
        """How far designs of any lanes are above the best."""
        instance = self.every.instance
        value = product(instance.losses(choices), balanced_ns(instance, choices))[0]
        return float(value / self.best - 1)


def balanced_ns(instance: OracleInstance, choices: Choices) -> Floats:
    """Time per result if all stages could be balanced: T* = Σ ψ W / R."""
    layers, _ = instance.costs.gathered(choices)
    asked = (layers.lane_costs[0] * layers.scaling_ns).sum(axis=1)
    return np.asarray(asked / instance.budget)


def _judged(known: _Continuous, settings: GradientSettings, seed: int) -> dict[str, float]:
    instance, every = known.every.instance, known.every
    architecture = descend(instance, settings, seed)
    choices = Choices.of([architecture.design()])
    losses = instance.losses(choices)
    exact = float(product(losses, instance.times_of(choices))[0])
    found = {"exact": max(every.regret(exact), 0.0), "continuous": known.regret(choices)}
    if settings.lanes == "closed_form":
        return found
    time_ns, used = _learnt(instance, architecture, choices)
    lag = _lag(instance, architecture, choices)
    learnt = every.regret(float(product(losses, np.array([time_ns]))[0]))
    return {**found, "learnt": learnt, "unused": 1 - used, **lag}


def _learnt(
    instance: OracleInstance, architecture: Architecture, choices: Choices
) -> tuple[float, float]:
    """Time per result at the lanes of the search, scaled and rounded; the share it had used."""
    lanes_log2 = _chosen_lanes(architecture, choices)
    layers, _ = instance.costs.gathered(choices)
    lane = layers.lane_costs[0, 0, : len(lanes_log2)]
    work_ns = layers.scaling_ns[0, : len(lanes_log2)]
    used = float((lane * 2.0**lanes_log2).sum() / instance.budget)
    powers = np.maximum(np.floor(lanes_log2 - np.log2(used)), 0.0)
    return float((work_ns / 2.0**powers).max()), used


def _lag(
    instance: OracleInstance, architecture: Architecture, choices: Choices
) -> dict[str, float]:
    """Distance of pf from what balances the chosen design, of its paths and of the others."""
    best_ns = float(balanced_ns(instance, choices)[0])
    blocks = len(instance.space.blocks)
    work_ns = instance.costs.layers.scaling_ns[:blocks, :, :, 0]
    pf = architecture.lanes_log2.detach().numpy()
    distance = np.abs(pf - np.log2(work_ns / best_ns))
    is_chosen = np.zeros(distance.shape, dtype=bool)
    is_chosen[np.arange(blocks), choices.operations[0], choices.precisions[0]] = True
    return {
        "chosen_lag": float(distance[is_chosen].mean()),
        "other_lag": float(distance[~is_chosen].mean()),
    }


def _chosen_lanes(architecture: Architecture, choices: Choices) -> Floats:
    pf = architecture.lanes_log2.detach().numpy()
    return np.asarray(pf[np.arange(len(pf)), choices.operations[0], choices.precisions[0]])


def _averaged(rows: Sequence[Mapping[str, float]]) -> dict[str, Cell]:
    averages: dict[str, Cell] = {
        name: float(np.mean([row[name] for row in rows])) for name in rows[0]
    }
    interval = bootstrap_interval(np.array([row["exact"] for row in rows]), mean)
    return {**averages, "exact_lo": interval.lo, "exact_hi": interval.hi}
