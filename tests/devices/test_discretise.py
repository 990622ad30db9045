from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.closed_form import best_engines, best_pipeline
from dlscope.devices.discretise import (
    Scalable,
    discrete_engines,
    discrete_pipeline,
    least_resources,
    rescaled,
)

POWERS = [1, 2, 4, 8]


def parts() -> st.SearchStrategy[list[Scalable]]:
    one = st.builds(
        lambda work, dsp, lut, most: Scalable(float(work), {"dsp": dsp, "lut": lut}, most),
        st.integers(1, 2000),
        st.sampled_from([0.25, 0.5, 1.0]),
        st.sampled_from([0.0, 10.0, 70.0]),
        st.sampled_from(POWERS),
    )
    return st.lists(one, min_size=1, max_size=4)


def designs(several, budget):
    """Every choice of powers of two that the budget has room for."""
    for lanes in itertools.product(*([p for p in POWERS if p <= s.most_lanes] for s in several)):
        used = {
            name: sum(s.lane_costs[name] * n for s, n in zip(several, lanes, strict=True))
            for name in budget
        }
        if all(used[name] <= budget[name] for name in budget):
            yield lanes


@settings(deadline=None)
@given(parts(), st.integers(4, 30), st.integers(280, 900))
def test_no_pipeline_of_powers_of_two_is_faster(several, dsp: int, lut: int) -> None:
    budget = {"dsp": float(dsp), "lut": float(lut)}
    found = discrete_pipeline(several, budget)
    assert found.lanes in set(designs(several, budget))
    fastest = min(
        max(s.cycles(n) for s, n in zip(several, lanes, strict=True))
        for lanes in designs(several, budget)
    )
    assert found.cycles == fastest


@settings(deadline=None)
@given(parts(), st.integers(4, 30), st.integers(280, 900))
def test_no_engines_of_powers_of_two_are_faster(several, dsp: int, lut: int) -> None:
    budget = {"dsp": float(dsp), "lut": float(lut)}
    found = discrete_engines(several, budget)
    assert found.lanes in set(designs(several, budget))
    fastest = min(
        sum(s.cycles(n) for s, n in zip(several, lanes, strict=True))
        for lanes in designs(several, budget)
    )
    assert found.cycles == pytest.approx(fastest)


@given(st.lists(st.floats(1e5, 3e7), min_size=1, max_size=8), st.integers(0, 100))
def test_rounding_costs_a_pipeline_at_most_a_factor_of_two(work: list[float], seed: int) -> None:
    costs = np.random.default_rng(seed).choice([0.25, 0.5, 1.0], len(work))
    # Enough for one lane of each stage in the continuous optimum.
    limit = float(costs @ np.asarray(work)) / min(work) * 1.001
    several = [
        Scalable(each, {"dsp": float(cost)}, 1 << 40)
        for each, cost in zip(work, costs, strict=True)
    ]
    exact = best_pipeline(work, {"dsp": costs}, {"dsp": limit})
    found = discrete_pipeline(several, {"dsp": limit})
    assert exact.cycles * (1 - 1e-9) <= found.cycles <= 2 * exact.cycles


@given(st.lists(st.floats(1e5, 3e7), min_size=1, max_size=4))
def test_engines_of_powers_of_two_are_no_faster_than_continuous_ones(work: list[float]) -> None:
    several = [Scalable(each, {"dsp": 0.5}) for each in work]
    exact = best_engines(work, {"dsp": np.full(len(work), 0.5)}, {"dsp": 256.0})
    found = discrete_engines(several, {"dsp": 256.0})
    assert exact.cycles * (1 - 1e-9) <= found.cycles <= 2 * exact.cycles


def test_stops_where_the_slowest_stage_has_no_channels_left() -> None:
    several = [Scalable(1000.0, {"dsp": 1.0}, 4), Scalable(900.0, {"dsp": 1.0}, 64)]
    found = discrete_pipeline(several, {"dsp": 100.0})
    assert (found.lanes, found.cycles) == ((4, 4), 250.0)


def test_doubles_the_first_of_equal_stages() -> None:
    several = [Scalable(100.0, {"dsp": 1.0}), Scalable(100.0, {"dsp": 1.0})]
    assert discrete_pipeline(several, {"dsp": 3.0}).lanes == (2, 1)


def test_nine_engines_are_enumerated_exactly() -> None:
    random = np.random.default_rng(0)
    several = [
        Scalable(float(10 ** random.uniform(5, 7.5)), {"dsp": float(random.choice([0.25, 0.5, 1]))})
        for _ in range(9)
    ]
    found = discrete_engines(several, {"dsp": 900.0})
    work = [each.work for each in several]
    costs = [each.lane_costs["dsp"] for each in several]
    exact = best_engines(work, {"dsp": costs}, {"dsp": 900.0})
    assert exact.cycles <= found.cycles <= 1.2 * exact.cycles


@given(st.lists(st.floats(0, 8), min_size=1, max_size=6), st.floats(1, 1000))
def test_rescaling_uses_the_budget_up_and_keeps_proportions(pf: list[float], limit: float) -> None:
    used = float(np.sum(2 ** np.array(pf)))
    moved = np.array(rescaled(pf, {"dsp": used, "free": 5.0}, {"dsp": limit}))
    assert np.sum(2**moved) == pytest.approx(limit)
    assert np.allclose(moved - pf, math.log2(limit / used))


def test_the_least_is_one_lane_each() -> None:
    several = [Scalable(9.0, {"dsp": 1.0}), Scalable(9.0, {"dsp": 0.5, "lut": 70.0})]
    assert least_resources(several) == {"dsp": 1.5, "lut": 70.0}


@pytest.mark.parametrize("solve", [discrete_pipeline, discrete_engines])
@pytest.mark.parametrize(
    ("budget", "what", "where"),
    [
        (
            {"dsp": 1.0, "lut": 50.0},
            "infeasible: one lane each needs more dsp and lut than the budget has",
            "budget dsp 1, lut 50",
        ),
        (
            {"dsp": 0.0},
            "infeasible: one lane each needs more dsp than the budget has",
            "budget dsp 0",
        ),
    ],
)
def test_a_budget_below_the_least_is_infeasible_and_says_what_is_needed(
    solve, budget, what: str, where: str
) -> None:
    several = [Scalable(9.0, {"dsp": 1.0}), Scalable(9.0, {"dsp": 0.5, "lut": 70.0})]
    with pytest.raises(SearchError) as refusal:
        solve(several, budget)
    assert str(refusal.value) == (
        f"SearchError: {what}\n"
        f"  where  {where}\n"
        "  fix    the least that is required: dsp 1.5, lut 70"
    )


def test_refuses_nothing_to_give_lanes_to_and_nothing_to_scale() -> None:
    with pytest.raises(SearchError, match="there is nothing to give lanes to"):
        discrete_pipeline([], {"dsp": 1.0})
    with pytest.raises(SearchError) as refusal:
        rescaled([1.0], {"dsp": 4.0}, {"lut": 100.0})
    assert str(refusal.value) == (
        "SearchError: parallelism cannot be scaled to the budget\n"
        "  where  budget lut 100\n"
        "  fix    give a budget above 0 for what the design uses"
    )
