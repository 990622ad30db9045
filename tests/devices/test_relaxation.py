from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.devices.closed_form import best_pipeline
from dlscope.devices.discretise import rescaled
from dlscope.devices.relaxation import smooth_maximum, softness_at, times_built

VALUES = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=20)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=10)
STEPS = 2000


@given(VALUES, st.floats(0.001, 0.2))
def test_exceeds_the_maximum_by_at_most_the_bound(values: list[float], softness: float) -> None:
    smooth, _ = smooth_maximum(values, softness)
    scale = softness * max(values)
    assert max(values) <= smooth <= max(values) + scale * math.log(len(values)) * (1 + 1e-9)


@given(VALUES, st.floats(0.01, 0.2))
def test_slopes_are_shares_of_one_and_largest_where_the_value_is(values, softness) -> None:
    _, slopes = smooth_maximum(values, softness)
    assert slopes.sum() == pytest.approx(1)
    assert slopes[int(np.argmax(values))] == slopes.max()


def test_slopes_are_those_of_the_value_with_the_scale_held() -> None:
    values, scale = np.array([3.0, 2.9, 1.0]), 0.05 * 3.0
    _, slopes = smooth_maximum(values, 0.05)
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-6
        rise = scale * (
            np.log(np.exp((values + step) / scale).sum())
            - np.log(np.exp((values - step) / scale).sum())
        )
        assert rise / 2e-6 == pytest.approx(slopes[place], abs=1e-6)


def test_softness_falls_geometrically() -> None:
    assert softness_at(0) == 0.05
    assert softness_at(0.5) == pytest.approx(math.sqrt(0.05 * 0.002))
    assert softness_at(1) == softness_at(2) == pytest.approx(0.002)


@given(SHARES)
def test_an_engine_is_built_at_most_once(probabilities: list[float]) -> None:
    for share in ("or", "tanh"):
        assert 0 <= float(times_built(probabilities, share)) <= 1


@pytest.mark.parametrize(
    ("chosen", "by_or", "by_tanh"),
    [([0, 0, 0], 0, 0), ([1, 0, 0], 1, 0.7616), ([1, 1, 1], 1, 0.9951)],
)
def test_choices_that_are_made_build_an_engine_once(chosen, by_or, by_tanh) -> None:
    assert float(times_built(chosen)) == by_or
    assert float(times_built(chosen, "tanh")) == pytest.approx(by_tanh, abs=1e-4)


def test_several_engines_are_told_at_once() -> None:
    assert times_built([[0.5, 0.5], [1, 0]]).tolist() == [0.75, 1.0]


@pytest.mark.parametrize("seed", range(4))
def test_gradient_descent_on_lanes_ends_where_the_closed_form_says(seed: int) -> None:
    work, costs, limit = stages(seed)
    exact = best_pipeline(work, {"dsp": costs}, {"dsp": limit})
    lanes = descended(work, costs, limit)
    assert np.max(work / lanes) == pytest.approx(exact.cycles, rel=0.01)
    assert np.allclose(lanes, exact.lanes, rtol=0.03)


def test_a_constant_softness_sizes_small_stages_wrongly() -> None:
    work, costs, limit = stages(0)
    exact = best_pipeline(work, {"dsp": costs}, {"dsp": limit})
    lanes = descended(work, costs, limit, softness=0.05)
    assert np.max(np.abs(lanes / exact.lanes - 1)) > 0.05


def stages(seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    random = np.random.default_rng(seed)
    work = 10 ** random.uniform(5, 7.5, random.integers(3, 21))
    return work, random.choice([0.25, 0.5, 1.0], work.size), 256.0


def descended(
    work: np.ndarray, costs: np.ndarray, limit: float, *, softness: float | None = None
) -> np.ndarray:
    """Lanes after 2000 steps of Adam on the paper's objective, scaled to the budget in the end."""
    pf = np.full(work.size, np.log2(limit / costs.sum()))
    first, second = np.zeros(work.size), np.zeros(work.size)
    scale = 1 / np.max(work / 2**pf)
    for step in range(1, STEPS + 1):
        progress = step / STEPS
        cycles = work / 2**pf
        chosen = softness_at(progress) if softness is None else softness
        _, weights = smooth_maximum(cycles, chosen)
        used = costs * 2**pf
        penalty = 0.1 * np.exp(min(10 * (used.sum() / limit - 1), 20))
        slope = np.log(2) * (penalty * 10 * used / limit - scale * weights * cycles)
        first, second = 0.5 * first + 0.5 * slope, 0.999 * second + 0.001 * slope**2
        size = 0.1 * (1 + np.cos(np.pi * progress)) / 2
        corrected = np.sqrt(second / (1 - 0.999**step)) + 1e-12
        pf = pf - size * first / (1 - 0.5**step) / corrected
    return 2 ** np.array(rescaled(pf, {"dsp": float(costs @ 2**pf)}, {"dsp": limit}))
