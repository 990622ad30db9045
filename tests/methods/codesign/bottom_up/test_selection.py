from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.codesign.bottom_up.selection import classes, in_turns, non_dominated

POINTS = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=12)


@given(POINTS)
def test_each_point_left_out_is_dominated_by_one_kept(points):
    kept = non_dominated(points)
    assert any(kept)
    for point, is_kept in zip(points, kept, strict=True):
        if not is_kept:
            front = [other for other, stays in zip(points, kept, strict=True) if stays]
            assert any(all(a <= b for a, b in zip(o, point, strict=True)) for o in front)


def test_classes_have_as_many_members_each():
    assert classes([float(each) for each in range(9)], 3) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert classes([], 3) == []
    assert classes([1.0], 3) == [0]


def test_a_class_of_its_own_goes_before_the_second_of_another():
    assert in_turns([0, 0, 1, 2], [0.9, 0.8, 0.1, 0.2], 3) == [0, 2, 3]
    assert in_turns([], [], 3) == []
