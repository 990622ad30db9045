from __future__ import annotations

import pytest

from dlscope.methods.skynet.detector_training.pace import Pace


def test_without_a_bend_a_step_is_its_position():
    assert [Pace(7).position(step) for step in range(8)] == list(range(8))
    assert Pace(7).steps == 7


def test_a_bend_walks_the_rest_in_more_or_fewer_steps():
    slower = Pace(100).bent(40, 160)
    assert [slower.position(step) for step in (39, 40, 42, 160)] == [39, 40, 41.0, 100.0]
    again = slower.bent(100, 120)
    assert again.position(100) == slower.position(100) == 70.0
    assert again.position(110) == 85.0
    assert (again.steps, again.position(120)) == (120, 100.0)


def test_positions_never_go_back():
    pace = Pace(50).bent(10, 90).bent(20, 31).bent(30, 31)
    positions = [pace.position(step) for step in range(pace.steps + 1)]
    assert positions == sorted(positions)
    assert positions[-1] == pytest.approx(50.0)


def test_the_same_end_is_no_bend():
    assert Pace(50).bent(10, 50) == Pace(50)
