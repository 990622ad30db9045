from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.devices.simplex import minimise

POINTS = st.lists(st.floats(-5, 5), min_size=1, max_size=3)


@given(POINTS, st.floats(-3, 3))
def test_finds_the_bottom_of_a_bowl(bottom: list[float], start: float) -> None:
    point, value = minimise(lambda x: float(np.sum((x - bottom) ** 2)), [[start] * len(bottom)])
    assert np.allclose(point, bottom, atol=1e-4)
    assert value == pytest.approx(0, abs=1e-8)


def test_follows_a_bent_valley() -> None:
    point, _ = minimise(lambda x: float((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2), [[-1, 1]])
    assert np.allclose(point, [1, 1], atol=1e-3)


def test_takes_the_lowest_of_several_valleys() -> None:
    def uneven(x) -> float:
        return float(min((x[0] - 3) ** 2 + 1, (x[0] + 3) ** 2))

    assert minimise(uneven, [[2.5], [-2.0]])[0][0] == pytest.approx(-3, abs=1e-4)
    assert minimise(uneven, [[2.5]])[0][0] == pytest.approx(3, abs=1e-4)


def test_never_ends_above_where_it_began() -> None:
    _, value = minimise(lambda x: float(np.abs(x).sum()), [[1.0, 1.0]])
    assert value < 1e-6


def test_gives_the_same_point_again() -> None:
    found = [minimise(lambda x: float(np.cos(x[0]) + x[0] ** 2 / 50), [[1.0]]) for _ in range(2)]
    assert found[0][0].tolist() == found[1][0].tolist()
