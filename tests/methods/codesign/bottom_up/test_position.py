from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.bottom_up.position import Position, SwarmSpace

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.booleans())
def test_wherever_a_particle_goes_is_in_the_space(seed, monotone):
    space, chooser = SwarmSpace(6, 3, 256, monotone), np.random.default_rng(seed)
    first, second, third = (space.drawn(chooser) for _ in range(3))
    for place in (first, space.moved(first, second, third, chooser), space.mutated(first, chooser)):
        assert len(place.widths) == 6
        assert all(8 <= width <= 256 and width % 8 == 0 for width in place.widths)
        assert list(place.pools) == sorted(set(place.pools))
        assert place.pools[0] >= 1
        assert place.pools[-1] <= 6
        assert not monotone or list(place.widths) == sorted(place.widths)


@given(SEEDS)
def test_a_mutation_leads_elsewhere(seed):
    space, chooser = SwarmSpace(5, 3, 512), np.random.default_rng(seed)
    place = space.drawn(chooser, around=(16, 32, 64, 128, 128))
    assert space.mutated(place, chooser) != place


def test_where_there_is_one_position_a_mutation_stays():
    space = SwarmSpace(1, 1, 8)
    place = Position((8,), (1,))
    assert space.mutated(place, np.random.default_rng(0)) == place


def test_at_the_best_of_both_the_widths_stay():
    space = SwarmSpace(3, 1, 64)
    place = Position((8, 16, 32), (2,))
    moved = space.moved(place, place, place, np.random.default_rng(0))
    assert moved.widths == place.widths


def test_pools_are_pushed_apart_and_stay_inside():
    space = SwarmSpace(5, 3)
    assert space.nearest([8] * 5, [1, 1, 1]).pools == (1, 2, 3)
    assert space.nearest([8] * 5, [9, 5, 5]).pools == (3, 4, 5)
    assert space.nearest([8] * 5, [2, 2, 0]).pools == (1, 2, 3)


def test_widths_are_rounded_kept_in_bounds_and_never_narrower():
    assert SwarmSpace(4, 0, 64).nearest([1, 36, 20, 999], ()).widths == (8, 40, 40, 64)
    free = SwarmSpace(4, 0, 64, monotone=False)
    assert free.nearest([1, 36, 20, 999], ()).widths == (8, 40, 24, 64)


@pytest.mark.parametrize("given_", [(0, 0, 64), (3, 4, 64), (3, -1, 64), (3, 1, 4)])
def test_refuses_an_empty_space(given_):
    bundles, pools, most = given_
    with pytest.raises(PlanError) as refused:
        SwarmSpace(bundles, pools, most)
    assert str(refused.value) == (
        f"PlanError: the search space is empty: {bundles} bundles, {pools} pools, at most {most} "
        "channels\n"
        "  where  bottom-up search, space\n"
        "  fix    allow at least one bundle, no more pools than bundles, and 8 channels"
    )
