from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.oracle.enumeration import Enumeration, all_choices
from dlscope.methods.codesign.oracle.generator import oracle_instance


def test_every_design_is_there_once(small, small_instance) -> None:
    designs = all_choices(small_instance).designs(small_instance.space)
    assert len(set(designs)) == len(designs) == 27**2 == len(small.values)
    place = designs.index(small.design())
    assert small.values[place] == small.best == small.values.min()
    assert small_instance.loss(designs[123]) == pytest.approx(small.losses[123])


def test_regret_and_percentile_are_held_against_all(small) -> None:
    assert (small.regret(small.best), small.percentile(small.best)) == (0.0, 0.0)
    assert small.regret(1.5 * small.best) == pytest.approx(0.5)
    assert small.percentile(np.inf) == 1.0
    second = small.instance
    assert small.design(1) != small.design()
    assert second.space.digest == small.design(1).space_digest


def test_too_many_designs_are_refused() -> None:
    instance = oracle_instance()
    blocks = [*instance.space.blocks, *instance.space.blocks[:1]]
    with pytest.raises(SearchError) as caught:
        Enumeration.of(replace(instance, space=replace(instance.space, blocks=blocks)))
    assert caught.value.what == "14348907 designs are too many to look at one by one"


def test_the_best_of_half_a_million_is_the_one_that_is_known() -> None:
    every = Enumeration.of(oracle_instance())
    assert len(every.values) == 531_441
    assert every.best == pytest.approx(0.1044113527, abs=1e-10)
    assert (every.design().operations, every.design().precisions) == ((0, 0, 8, 8), (0, 1, 1, 0))
    second = every.design(1)
    assert (second.operations, second.precisions) == ((0, 5, 8, 8), (0, 0, 1, 0))
    assert np.sort(every.values)[1] == pytest.approx(0.1053017, abs=1e-7)
