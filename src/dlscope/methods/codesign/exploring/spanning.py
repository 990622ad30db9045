"""`span`: designs along the whole front of loss and time are looked at; none is aimed for.

A single number, such as loss times time, leaves most of a front aside. Here a design promises as
much as it would add to the area of loss and time, or energy, that the designs known so far
dominate, with the loss that a `LossPredictor` expects of it and its exact time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dlscope.devices.base import Floats
from dlscope.methods.codesign.exploring.children import children
from dlscope.methods.codesign.exploring.judge import Judge, Judged
from dlscope.methods.codesign.exploring.predictor import LossPredictor
from dlscope.methods.codesign.measures.hypervolume import front, gains
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design

_FEWEST_KNOWN = 8
_ROUNDS, _CHILDREN, _PARENTS = 4, 256, 32
_PROMISING, _BY_CHANCE = 6, 2
_MARGIN = 1.1

Meets = Callable[[float], bool]


def span(judge: Judge, rng: np.random.Generator, *, most: int, meets: Meets) -> None:
    """Look at `most` further designs near the front of those whose time `meets` what is asked.

    Where none of them does, near the front of all. A few are drawn without asking the predictor.
    """
    until = judge.evaluations + most
    while judge.evaluations < until and judge.left:
        known = [each for each in judge.looked_at if np.isfinite(each.loss)]
        allowed = [each for each in known if meets(each.time_ns)] or known
        if not allowed:
            return
        best = Choices.of([allowed[place].design for place in front(_points(allowed))])
        chance = children(judge.space, best, rng, _BY_CHANCE).designs(judge.space)
        promising = _promising(judge, allowed, best, rng) if len(known) >= _FEWEST_KNOWN else []
        judge.judged([*promising, *chance][: until - judge.evaluations])


def _promising(
    judge: Judge, known: Sequence[Judged], best: Choices, rng: np.random.Generator
) -> list[Design]:
    """The few designs nobody has looked at that promise to add most, each beside those before it.

    Children of the front have children in turn, if they promise something.
    """
    predictor = LossPredictor.fitted(
        judge.space,
        Choices.of([each.design for each in known]),
        np.array([each.loss for each in known]),
    )
    points = np.array(_points(known))
    reference = (float(points[:, 0].max() * _MARGIN), float(points[:, 1].max() * _MARGIN))

    def expected(choices: Choices) -> Floats:
        return np.stack([judge.costs(choices), predictor.losses(choices)], axis=1)

    pool = parents = best
    for _ in range(_ROUNDS):
        pool = pool.and_(children(judge.space, parents, rng, _CHILDREN))
        order = np.argsort(-gains(expected(pool), points, reference), kind="stable")
        parents = best.and_(pool.at(order[:_PARENTS]))
    new = [each for each in dict.fromkeys(pool.designs(judge.space)) if not judge.knows(each)]
    return _adding_most(new, expected(Choices.of(new)), points, reference) if new else []


def _adding_most(
    designs: Sequence[Design],
    expected: Floats,
    known: Floats,
    reference: tuple[float, float],
) -> list[Design]:
    """At most a few of `designs`, one by one: each counts as known for those after it."""
    chosen = []
    for _ in range(_PROMISING):
        added = gains(expected, known, reference)
        place = int(np.argmax(added))
        if not added[place] > 0:
            break
        chosen.append(designs[place])
        known = np.concatenate([known, expected[place : place + 1]])
    return chosen


def _points(known: Sequence[Judged]) -> list[tuple[float, float]]:
    return [(each.cost, each.loss) for each in known]
