from __future__ import annotations

import numpy as np
from brick_models import chain_model, fork_model, graph_of

from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.settling import counts_of, is_known, unsettled
from dlscope.methods.bricks.suite import Suite

COUNTS = np.array([[2, 1, 0], [0, 1, 1]])
"""Of two models that share the brick in the middle."""


def rounds(*times: list[int]) -> list[np.ndarray]:
    return [np.array(each) for each in times]


def both() -> Suite:
    graphs = [("chain", graph_of(chain_model())), ("fork", graph_of(fork_model()))]
    return cut_models(graphs, 1, cut="authored", runtime="none")


def test_nothing_is_known_before_the_first_round() -> None:
    assert unsettled(np.array([[1, 0]]), [], 3).tolist() == [True, False]


def test_a_model_is_known_when_its_sum_is_though_its_bricks_are_not() -> None:
    opposed = rounds([100, 1000, 900], [600, 0 + 1, 900], [100, 1000, 900])
    assert unsettled(COUNTS, opposed, 3).tolist() == [False, True, True]


def test_bricks_that_two_models_have_are_timed_until_both_are_known() -> None:
    wild = rounds([100, 500, 100], [100, 500, 300], [100, 500, 900])
    assert unsettled(COUNTS, wild, 3).tolist() == [False, True, True]
    assert unsettled(COUNTS, rounds(*[[100, 500, 100]] * 3), 3).tolist() == [False] * 3


def test_fewer_rounds_than_the_least_are_too_few() -> None:
    same = rounds(*[[100, 500, 100]] * 3)
    assert unsettled(COUNTS, same, 4).all()


def test_rounds_that_lack_a_brick_tell_nothing_of_its_models() -> None:
    times = rounds(*[[100, 500, 100]] * 3, [0, 500, 9000])
    assert unsettled(COUNTS, times, 3).tolist() == [False, True, True]
    assert unsettled(COUNTS[:1], times, 3).tolist() == [False] * 3


def test_a_brick_of_no_model_is_settled() -> None:
    assert unsettled(np.array([[1, 0]]), rounds([5, 5]), 3).tolist() == [True, False]


def test_known_is_half_an_interval_of_one_percent() -> None:
    deviation = np.array([-1.0, 0.0, 1.0])
    half = 4.303 * 1.2533 / np.sqrt(3)
    assert is_known(100 * half * 1.001 + deviation)
    assert not is_known(100 * half * 0.999 + deviation)
    assert not is_known(np.array([1000]))


def test_of_many_samples_the_interval_is_no_wider_than_of_thirteen() -> None:
    alternating = np.tile([991.0, 1009.0], 50)
    assert is_known(alternating)


def test_one_that_was_disturbed_asks_for_no_more_than_it_takes_to_leave_it_out() -> None:
    calm = [1000.0, 1001.0, 1002.0, 1003.0]
    assert is_known(np.array(calm))
    disturbed = [*calm, 90_000.0]
    assert not is_known(np.array(disturbed))
    # The second of nine from either end are such an interval, of eight only the outermost.
    assert not is_known(np.array([*disturbed, *calm[:3]]))
    assert is_known(np.array([*disturbed, *calm]))


def test_a_model_has_the_bricks_of_its_own_walk_and_else_those_of_another() -> None:
    suite = both()
    conv, relu, sigmoid, add = suite.bricks
    shared = [("chain", conv), ("chain", relu), ("fork", sigmoid), ("fork", add)]
    assert counts_of(suite.models, shared).tolist() == [[2, 2, 0, 0], [1, 1, 1, 1]]
    own = [("chain", conv), ("fork", conv), ("fork", add)]
    assert counts_of(suite.models, own).tolist() == [[2, 0, 0], [0, 1, 1]]
