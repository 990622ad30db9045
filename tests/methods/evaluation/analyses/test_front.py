from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.evaluation.analyses.front import front

_PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


def test_a_point_is_on_the_front_until_another_beats_it() -> None:
    assert front([(1.0, 3.0), (2.0, 2.0), (3.0, 1.0), (2.0, 1.0), (1.0, 1.0)]) == (
        *(True, True, True),
        *(False, False),
    )


def test_equal_points_stand_together() -> None:
    assert front([(2.0, 2.0), (2.0, 2.0), (1.0, 1.0), (1.0, 1.0)]) == (True, True, False, False)


def test_of_points_equal_in_one_number_the_other_decides() -> None:
    assert front([(2.0, 2.0), (2.0, 1.0), (1.0, 2.0)]) == (True, False, False)


def test_no_points_have_no_front() -> None:
    assert front([]) == ()


@given(_PAIRS)
def test_agrees_with_the_definition(pairs) -> None:
    def is_beaten(a):
        return any(b[0] >= a[0] and b[1] >= a[1] and b != a for b in pairs)

    assert front(pairs) == tuple(not is_beaten(pair) for pair in pairs)
