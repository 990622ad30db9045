from __future__ import annotations

import math

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.bottom_up.fitness import Fitness, Goal


@pytest.mark.parametrize(
    ("form", "quick", "slow"), [("identity", 0.5, -0.5), ("abs", -0.5, -0.5), ("hinge", 0.0, -0.5)]
)
def test_what_a_millisecond_away_from_the_target_adds(form, quick, slow):
    goal = Goal("cpu", 4.0, -0.5, form)
    assert (goal.term(3.0), goal.term(5.0)) == (quick, slow)


def test_several_devices_add_up_and_are_told_apart():
    fitness = Fitness((Goal("cpu", 4.0, -0.5), Goal("fpga", 10.0, -0.1)))
    times = {"cpu": 6.0, "fpga": 5.0}
    assert fitness.terms(times) == {"cpu": -1.0, "fpga": 0.5}
    assert fitness.of(0.75, times) == 0.25
    assert not fitness.leaves_room(times)
    assert fitness.leaves_room({"cpu": 4.0, "fpga": 10.0})


@pytest.mark.parametrize("target", [0.0, -3.0, math.nan])
def test_refuses_a_target_that_is_not_above_0(target):
    with pytest.raises(PlanError) as refused:
        Goal("cpu", target, -1.0)
    assert str(refused.value) == (
        f"PlanError: no network takes {target:g} ms\n"
        "  where  bottom-up search, device cpu\n"
        "  fix    give a target latency above 0"
    )


@pytest.mark.parametrize("form", ["identity", "abs", "hinge"])
def test_refuses_to_reward_slow_networks(form):
    with pytest.raises(PlanError) as refused:
        Goal("cpu", 4.0, 0.5, form)
    assert str(refused.value) == (
        "PlanError: alpha is 0.5, and a positive alpha rewards slow networks\n"
        "  where  bottom-up search, device cpu\n"
        "  fix    give an alpha below 0, in 1/ms"
    )


def test_refuses_an_unknown_form_and_goals_of_one_device_twice():
    with pytest.raises(PlanError, match="there is no form 'square' of a goal"):
        Goal("cpu", 4.0, -1.0, "square")
    with pytest.raises(PlanError, match="goals for cpu, cpu are not one for each device"):
        Fitness((Goal("cpu", 4.0, -1.0),) * 2)
    with pytest.raises(PlanError, match="goals for no device"):
        Fitness(())
