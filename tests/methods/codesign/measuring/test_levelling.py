from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.measuring.levelling import (
    anchored,
    levelled,
    pooled,
    spread_of_speed,
)

MODELS = np.array([10.0, 20.0, 30.0, 40.0, 50.0])


def test_a_round_on_a_slow_machine_counts_as_any_other() -> None:
    speeds = np.array([1.0, 1.6, 1.0, 1.6, 1.0])
    assert levelled(speeds[:, None] * MODELS) == pytest.approx(np.tile(MODELS, (5, 1)))


def test_a_single_late_turn_does_not_make_its_round_fast() -> None:
    times = np.tile(MODELS, (5, 1))
    times[2, 0] = 1000
    assert levelled(times)[:, 1:] == pytest.approx(np.tile(MODELS[1:], (5, 1)))
    assert levelled(times)[2, 0] == 1000


def test_a_few_models_say_too_little_of_a_round() -> None:
    times = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert levelled(times) is times
    assert spread_of_speed(times) == 0


def test_how_much_the_machine_changed_is_told() -> None:
    speeds = np.repeat([1.0, 1.5], 50)
    assert spread_of_speed(speeds[:, None] * MODELS) == pytest.approx(0.5)
    assert spread_of_speed(np.tile(MODELS, (9, 1))) == pytest.approx(0)


def test_processes_are_brought_to_the_usual_speed() -> None:
    several = [np.tile(speed * MODELS, (4, 1)) for speed in (1.0, 2.0, 1.1)]
    assert pooled(several) == pytest.approx(np.tile(1.1 * MODELS, (12, 1)))


def test_an_operation_that_lies_badly_in_one_process_keeps_its_times() -> None:
    odd = MODELS.copy()
    odd[0] *= 1.3
    together = pooled([np.tile(MODELS, (4, 1)), np.tile(odd, (4, 1)), np.tile(MODELS, (4, 1))])
    assert sorted(set(together[:, 0].round(6))) == [10, 13]
    assert together[:, 1:] == pytest.approx(np.tile(MODELS[1:], (12, 1)))


def test_new_times_are_at_the_speed_of_known_ones() -> None:
    slow = np.tile(1.5 * MODELS, (4, 1))
    assert anchored(slow, [1, 3], [20.0, 40.0]) == pytest.approx(np.tile(MODELS, (4, 1)))
    assert anchored(slow, [], []) is slow
