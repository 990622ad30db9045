"""Local repair: designs near good ones are looked at until the evaluations are spent.

`repair_by_chance` is the plain form: one or two blocks of the best design so far are changed, and
what is not worse is kept. `repair` asks a `LossPredictor` and the exact times first which changes
promise most; a share of what it looks at is drawn without asking, lest it believes itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.devices.base import Floats
from dlscope.methods.codesign.exploring.children import children
from dlscope.methods.codesign.exploring.judge import Judge, Judged
from dlscope.methods.codesign.exploring.predictor import LossPredictor
from dlscope.methods.codesign.space.choices import Choices, Integers
from dlscope.methods.codesign.space.design import Design

_MOST_BLOCKS = 2
_ELITE, _DISTANT, _ROUNDS, _CHILDREN = 16, 128, 5, 256
_PROMISING, _BY_CHANCE, _LOOKED_THROUGH = 6, 2, 400
_FEWEST_KNOWN = 8


def repair_by_chance(judge: Judge, starts: Sequence[Design], rng: np.random.Generator) -> Judged:
    """The best design after mutations of one or two blocks, each accepted if it is not worse.

    Starts from the best of `starts`. Raises `SearchError` where nothing that was looked at fits.
    """
    judge.judged(starts)
    current = judge.best
    while judge.left:
        blocks = 1 + int(rng.integers(_MOST_BLOCKS))
        for found in judge.judged([current.design.mutated(judge.space, rng, blocks)]):
            current = found if found.value <= current.value else current
    return judge.best


def repair(judge: Judge, starts: Sequence[Design], rng: np.random.Generator) -> Judged:
    """The best design after changes that a predictor finds promising.

    Every few evaluations the predictor is fitted to all designs that were looked at. Raises
    `SearchError` where nothing that was looked at fits.
    """
    judge.judged(starts)
    while judge.left:
        known = [each for each in judge.looked_at if np.isfinite(each.value)]
        elite = sorted(known, key=lambda each: each.value)[:_ELITE] or judge.looked_at[:_ELITE]
        best = Choices.of([each.design for each in elite])
        chance = children(judge.space, best, rng, _BY_CHANCE).designs(judge.space)
        promising = _promising(judge, known, best, rng) if len(known) >= _FEWEST_KNOWN else []
        judge.judged([*promising, *chance])
    return judge.best


def _promising(
    judge: Judge, known: Sequence[Judged], elite: Choices, rng: np.random.Generator
) -> list[Design]:
    """A few designs that nobody has looked at, those that promise most.

    Children of good designs have children in turn, if the predictor likes them.
    """
    losses = np.array([each.loss for each in known])
    predictor = LossPredictor.fitted(
        judge.space, Choices.of([each.design for each in known]), losses
    )
    pool, values = elite.at(np.arange(0)), np.zeros(0)
    parents = elite
    for _ in range(_ROUNDS):
        born = children(judge.space, parents, rng, _CHILDREN)
        expected = judge.values(predictor.losses(born), born)
        pool, values = pool.and_(born), np.concatenate([values, expected])
        parents = elite.and_(pool.at(_parents(values, rng)))
    ranked = pool.at(np.argsort(values, kind="stable")[:_LOOKED_THROUGH]).designs(judge.space)
    return [each for each in dict.fromkeys(ranked) if not judge.knows(each)][:_PROMISING]


def _parents(values: Floats, rng: np.random.Generator) -> Integers:
    """Places of the best values, and of as many others that are not much worse.

    Between two good designs there may be none as good: the best alone do not leave their valley.
    """
    order = np.argsort(values, kind="stable")
    others = order[_ELITE:_DISTANT]
    return np.concatenate([order[:_ELITE], rng.permutation(others)[:_ELITE]])
