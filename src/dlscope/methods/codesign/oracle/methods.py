"""The ways to search an oracle instance, by name; each is given as many evaluations as any other.

A step of a gradient is an evaluation. All end with the best powers of two of lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from dlscope.core.errors import SearchError, did_you_mean
from dlscope.methods.codesign.baselines.evolution import evolution
from dlscope.methods.codesign.baselines.random_search import random_search
from dlscope.methods.codesign.baselines.two_step import impl_only, two_step
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.exploring.repair import repair, repair_by_chance
from dlscope.methods.codesign.oracle.instance import OracleInstance
from dlscope.methods.codesign.space.design import Design

Method: TypeAlias = Callable[[OracleInstance, Judge, int], None]
"""Looks at designs of the instance through the judge, with random numbers of that seed."""

_STEPS_SHARE, _DRAWN = 6, 30
_DRAWN_BY_CHANCE = 100


def search(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """The recipe of dlscope: a gradient in closed form, designs drawn from it, local repair."""
    starts = _descended(instance, judge, seed, "closed_form", _DRAWN)
    repair(judge, starts, np.random.default_rng(seed))


def search_by_chance(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """The same with plain repair: mutations that nobody proposes."""
    starts = _descended(instance, judge, seed, "closed_form", _DRAWN_BY_CHANCE)
    repair_by_chance(judge, starts, np.random.default_rng(seed))


def repair_alone(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """Local repair of random designs, without a gradient."""
    del instance
    rng = np.random.default_rng(seed)
    repair(judge, [Design.random(judge.space, rng) for _ in range(_DRAWN)], rng)


def edd(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """EDD as published, to our reading; all evaluations but one are steps of its gradient."""
    judge.judged(_descended(instance, judge, seed, "published", 0))


def darts(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """A gradient over operations alone, all paths at once."""
    judge.judged(_descended(instance, judge, seed, "soft", 0))


def proxyless(instance: OracleInstance, judge: Judge, seed: int) -> None:
    """A gradient over operations alone, two paths at a time."""
    judge.judged(_descended(instance, judge, seed, "two_path", 0))


def _random(instance: OracleInstance, judge: Judge, seed: int) -> None:
    del instance
    random_search(judge, np.random.default_rng(seed))


def _evolution(instance: OracleInstance, judge: Judge, seed: int) -> None:
    del instance
    evolution(judge, np.random.default_rng(seed))


def _two_step(instance: OracleInstance, judge: Judge, seed: int) -> None:
    del instance
    two_step(judge, np.random.default_rng(seed))


def _impl_only(instance: OracleInstance, judge: Judge, seed: int) -> None:
    del instance, seed
    impl_only(judge)


METHODS: Mapping[str, Method] = {
    "search": search,
    "search_by_chance": search_by_chance,
    "repair_alone": repair_alone,
    "evolution": _evolution,
    "random": _random,
    "edd": edd,
    "darts": darts,
    "proxyless": proxyless,
    "two_step": _two_step,
    "impl_only": _impl_only,
}


EXHAUSTIVE = "exhaustive"
"""The name of what looks at every design, which is no method: it has no limit."""


def require_methods(names: Iterable[str]) -> None:
    """Raise `SearchError` for a name that is neither a method nor exhaustive."""
    known = (*METHODS, EXHAUSTIVE)
    for name in names:
        if name not in known:
            raise SearchError(
                f"there is no baseline {name!r}",
                where="codesign baseline",
                fix=did_you_mean(name, known),
            )


def _descended(
    instance: OracleInstance, judge: Judge, seed: int, kind: str, drawn: int
) -> list[Design]:
    """Where a gradient leads, and designs drawn from what it has learnt."""
    from dlscope.methods.codesign.oracle.gradient_search import (
        PUBLISHED,
        GradientSettings,
        descend,
        without_hardware,
    )

    all_but_one = max(judge.left - 1, 1)
    if kind == "closed_form":
        settings = GradientSettings(steps=max(judge.left // _STEPS_SHARE, 1))
    elif kind == "published":
        settings = replace(PUBLISHED, steps=all_but_one)
    else:
        settings = without_hardware("soft" if kind == "soft" else "two_path", all_but_one)
    judge.spend(min(settings.steps, judge.left - 1))
    architecture = descend(instance, settings, seed)
    return [architecture.design(), *architecture.drawn(drawn, np.random.default_rng(seed))]
