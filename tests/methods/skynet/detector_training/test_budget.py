from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from square_images import squares

torch = pytest.importorskip("torch")

from dlscope.core.errors import PlanError  # noqa: E402 - after torch
from dlscope.methods.skynet.anchors import scaled_anchors  # noqa: E402
from dlscope.methods.skynet.detector_training.budget import Budget, timed_budget  # noqa: E402
from dlscope.methods.skynet.detector_training.recipes import IOU, Phase  # noqa: E402
from dlscope.methods.skynet.detector_training.stepping import Course  # noqa: E402
from dlscope.methods.skynet.detector_training.training import (  # noqa: E402
    TrainingOptions,
    train_detector,
)
from dlscope.zoo.skynet.network import build  # noqa: E402

SIZE = (32, 64)
PHASES = (Phase(0.5, batch=4, window=0.5), Phase(1.0, batch=4))
RECIPE = replace(IOU, phases=PHASES)
WHERE = "  where  budget of the training\n  fix    give seconds above 0, such as 150s"


def course(iterations):
    return Course(RECIPE, iterations, scaled_anchors(SIZE), SIZE, seed=0)


def fresh():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build("C", width_mult=0.1, input=SIZE)


class MachineClock:
    """Of a machine on which a step takes what `told` says, one after another."""

    def __init__(self, *told: float) -> None:
        self._told, self._now, self._is_begun = list(told), 0.0, False

    def __call__(self) -> float:
        self._now += self._told.pop(0) if self._is_begun else 0.0
        self._is_begun = not self._is_begun
        return self._now


def spent(budget, course, second_s):
    """Walk a course whose step takes `second_s(step, position)`; steps and seconds in all."""
    history, step, total = [], 0, 0.0
    pace = budget.pace(course, history)
    while step < pace.steps:
        steps = range(step, min(step + 10, pace.steps))
        seconds = sum(second_s(each, pace.position(each)) for each in steps)
        step, total = steps[-1] + 1, total + seconds
        history.append({"step": float(step), "spent_s": seconds})
        pace = budget.pace(course, history)
    return step, total, pace.position(step)


def test_a_machine_as_it_was_timed_walks_the_course_as_planned():
    budget = Budget(60.0, (0.1, 0.5))
    assert budget.iterations(RECIPE) == 200
    planned = course(200)
    steps, total, position = spent(budget, planned, lambda _, at: 0.1 if at < 100 else 0.5)
    assert (steps, total, position) == (200, pytest.approx(60.0), 200)


@pytest.mark.parametrize(("slow", "least", "most"), [(1.4, 120, 160), (0.7, 260, 300)])
def test_a_machine_that_is_slower_or_quicker_keeps_to_the_seconds(slow, least, most):
    budget = Budget(60.0, (0.1, 0.5))
    steps, total, position = spent(
        budget, course(200), lambda _, at: slow * (0.1 if at < 100 else 0.5)
    )
    assert least <= steps <= most
    assert total == pytest.approx(60.0, rel=0.1)
    assert position == pytest.approx(200)


def test_one_that_becomes_busy_on_the_way_keeps_to_them_too():
    budget = Budget(60.0, (0.1, 0.5))
    _, total, _ = spent(
        budget, course(200), lambda step, at: (2 if step > 80 else 1) * (0.1 if at < 100 else 0.5)
    )
    assert total == pytest.approx(60.0, rel=0.15)


def test_seconds_that_are_gone_end_it_with_the_next_step():
    pace = Budget(1.0, (0.1, 0.5)).pace(course(200), [{"step": 10.0, "spent_s": 5.0}])
    assert (pace.steps, pace.position(11)) == (11, 200.0)


def test_an_interrupted_training_goes_on_at_its_pace_to_the_same_bits(tmp_path):
    asked = TrainingOptions(RECIPE, 8, checkpoint_every=2, budget=Budget(12.0, (1.0, 1.0)))
    images, seconds = squares(12, SIZE), (2.0, 2.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.5, 1.5)
    whole = train_detector(fresh(), images, asked, clock=MachineClock(*seconds))
    # As slow as at first there was time for six; in the end it was enough for two beyond the eight.
    assert [each["step"] for each in whole.history] == [2.0, 4.0, 6.0, 8.0, 10.0]
    told = []
    first = train_detector(
        fresh(),
        images,
        asked,
        folder=tmp_path,
        told=lambda *now: told.append(now),
        should_stop=lambda: len(told) == 3,
        clock=MachineClock(*seconds),
    )
    assert (first.ending, first.steps) == ("stopped", 3)
    resumed = train_detector(
        build("C", width_mult=0.1, input=SIZE),
        images,
        asked,
        folder=tmp_path,
        clock=MachineClock(*seconds[3:]),
    )
    assert resumed.steps == whole.steps == 10
    states = whole.network.state_dict(), resumed.network.state_dict()
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_timing_leaves_the_network_alone():
    network = fresh()
    before = copy.deepcopy(network.state_dict())
    budget = timed_budget(2.0, network, squares(12, SIZE), course(10))
    assert len(budget.phase_s) == len(PHASES)
    assert min(budget.phase_s) > 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_refuses_a_budget_that_trains_nothing(seconds):
    with pytest.raises(PlanError) as caught:
        Budget(seconds, (1.0, 1.0))
    what = f"PlanError: a budget of {seconds:g} s trains nothing\n"
    assert str(caught.value) == what + WHERE
