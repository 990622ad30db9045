from __future__ import annotations

import pytest

from dlscope.reporting.apart import apart

CORNERS = [{"x": 0, "y": 0}, {"x": 100, "y": 100}]


@pytest.mark.parametrize(
    ("x", "y", "kept"),
    [(10, 1, {2}), (10, 20, {2, 3}), (60, 1, {2, 3}), (0, 0, {2})],
    ids=["beside", "above", "further right", "on it"],
)
def test_the_left_of_two_labels_that_meet_is_kept(x, y, kept):
    points = [*CORNERS, {"x": 20, "y": 50}, {"x": 20 + x, "y": 50 + y}]
    assert apart(points, [2, 3]) == kept


def test_nothing_is_wanted_of_nothing():
    assert apart([], []) == set()
    assert apart([{"x": 1, "y": 1}], [0]) == {0}
