from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.measures.hypervolume import front, gains, hypervolume

POINTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


def test_a_front_keeps_what_nothing_is_as_good_as() -> None:
    points = [(3, 1), (1, 3), (2, 2), (3, 3), (1, 3), (2, 3)]
    assert front(points).tolist() == [1, 2, 0]
    assert front(np.zeros((0, 2))).tolist() == []


def test_points_beyond_the_reference_add_nothing() -> None:
    assert hypervolume([(1, 1)], (3, 3)) == 4.0
    assert hypervolume([(1, 1), (0, 3), (4, 0)], (3, 3)) == 4.0
    assert hypervolume(np.zeros((0, 2)), (3, 3)) == 0.0


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_it_is_the_number_of_cells_that_some_point_is_better_than(points) -> None:
    cells = sum(
        any(x <= column and y <= row for x, y in points)
        for column in range(10)
        for row in range(10)
    )
    assert hypervolume(points, (10.0, 10.0)) == cells


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_a_front_has_the_volume_of_all_points(points) -> None:
    best = [points[place] for place in front(points)]
    assert hypervolume(best, (10.0, 10.0)) == hypervolume(points, (10.0, 10.0))


@settings(max_examples=40, deadline=None)
@given(POINTS, POINTS)
def test_a_gain_is_the_volume_with_a_point_less_the_one_without(points, known) -> None:
    reference = (8.0, 8.0)
    before = hypervolume(known, reference)
    expected = [hypervolume([*known, point], reference) - before for point in points]
    assert gains(points, known, reference).tolist() == expected


def test_what_is_infinite_gains_nothing() -> None:
    assert gains([(np.inf, 1.0)], [(1.0, 1.0)], (3.0, 3.0)).tolist() == [0.0]
    assert gains([(1.0, 1.0)], np.zeros((0, 2)), (3.0, 3.0)).tolist() == [4.0]


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(SearchError) as caught:
        hypervolume([(1.0, float("nan"))], (2.0, 2.0))
    assert caught.value.what == "a point of a front is not a number"
