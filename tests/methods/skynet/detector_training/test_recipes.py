from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.skynet.detector_training.recipes import REGION, Phase, Recipe, recipe_of

TWO = Recipe("two", "iou", (Phase(0.75, window=0.5), Phase(1.0)))


def test_phases_follow_one_another():
    assert [TWO.phase_at(progress).window for progress in (0.0, 0.7, 0.75, 1.0)] == [
        0.5,
        0.5,
        None,
        None,
    ]
    assert TWO.shares == (0.75, 0.25)


def test_the_recipe_of_2019_ends_with_a_tenth_at_the_size_itself():
    assert REGION.phase_at(0.89).scales == (0.8, 0.9, 1.0, 1.1, 1.2)
    assert REGION.phase_at(0.91).scales == (1.0,)
    assert recipe_of("region") is REGION


def test_refuses_a_recipe_that_there_is_not():
    with pytest.raises(PlanError) as caught:
        recipe_of("regoin")
    assert str(caught.value) == (
        "PlanError: there is no recipe 'regoin'\n  where  recipe\n  fix    did you mean region?"
    )
