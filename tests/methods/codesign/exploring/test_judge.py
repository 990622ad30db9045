from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.exploring.judge import Judge, product
from dlscope.methods.codesign.oracle.generator import oracle_instance
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design

INSTANCE = oracle_instance(100)
RNG_SEED = 0


def designs(count: int) -> list[Design]:
    rng = np.random.default_rng(RNG_SEED)
    return list(dict.fromkeys(Design.random(INSTANCE.space, rng) for _ in range(count)))


def test_a_design_is_paid_for_once() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=10)
    several = designs(4)
    first = judge.judged(several)
    assert (judge.evaluations, judge.left) == (4, 6)
    assert judge.judged([*several, *several]) == [*first, *first]
    assert judge.evaluations == 4
    assert judge.best == min(first, key=lambda each: each.value)


def test_the_value_is_loss_times_ms() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=1)
    (found,) = judge.judged(designs(1))
    assert found.value == pytest.approx(found.loss * found.time_ns / 1e6)
    assert product(np.array([2.0]), np.array([3e6])).tolist() == [6.0]


def test_no_more_is_looked_at_than_is_allowed() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=5)
    judge.spend(2)
    assert len(judge.judged(designs(8))) == 3
    assert (judge.left, len(judge.looked_at)) == (0, 3)


def test_what_does_not_fit_costs_nothing_and_is_never_best() -> None:
    tight = replace(INSTANCE, budget=3.0)
    judge = Judge(tight.space, tight, tight.times_of, most=50)
    found = judge.judged(designs(40))
    fits = [each for each in found if np.isfinite(each.value)]
    assert 0 < len(fits) == judge.evaluations < len(found)
    assert judge.best in fits


def test_where_nothing_fits_it_says_so() -> None:
    tight = replace(INSTANCE, budget=0.5)
    judge = Judge(tight.space, tight, tight.times_of, most=5)
    judge.judged(designs(3))
    with pytest.raises(SearchError) as caught:
        _ = judge.best
    assert caught.value.what == "infeasible: none of 3 designs fits"


def test_asking_for_the_same_again_and_again_comes_to_an_end() -> None:
    judge = Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=2)
    while judge.left:
        judge.judged(designs(1))
    assert judge.evaluations == 1


def test_no_evaluations_are_refused() -> None:
    with pytest.raises(SearchError) as caught:
        Judge(INSTANCE.space, INSTANCE, INSTANCE.times_of, most=0)
    assert caught.value.what == "0 evaluations find nothing"


def test_energy_is_minimised_in_place_of_the_time_where_it_is_known() -> None:
    def energies_of(choices: Choices) -> np.ndarray:
        return 1.0 + choices.operations[:, 0]

    judge = Judge(
        INSTANCE.space,
        INSTANCE,
        INSTANCE.times_of,
        most=4,
        combine=lambda losses, _times, energies: losses * energies,
        energies_of=energies_of,
    )
    several = designs(4)
    for found in judge.judged(several):
        assert found.cost == found.energy_j == 1.0 + found.design.operations[0]
        assert found.value == pytest.approx(found.loss * found.cost)
    choices = Choices.of(several)
    assert judge.costs(choices).tolist() == [each.cost for each in judge.looked_at]
    losses = np.array([each.loss for each in judge.looked_at])
    assert judge.values(losses, choices) == pytest.approx([e.value for e in judge.looked_at])
