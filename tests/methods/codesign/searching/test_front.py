from __future__ import annotations

from dlscope.methods.codesign.searching.front import front, spread


def test_of_equal_points_one_is_on_the_front() -> None:
    assert front([(1.0, 1.0), (1.0, 1.0)]) == [0]
    assert front([]) == []


def test_few_points_that_stand_for_all_begin_with_the_knee() -> None:
    points = [(10.0, 1.0), (2.0, 2.0), (1.9, 3.0), (1.0, 10.0), (9.0, 9.0)]
    assert spread(points, 1) == [1]
    assert spread(points, 99) == [1, 0, 3, 2]


def test_what_is_not_on_the_front_stands_for_nothing() -> None:
    assert spread([(1.0, 1.0), (2.0, 2.0)], 2) == [0]
    assert spread([], 3) == []
