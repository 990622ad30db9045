from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from dlscope.core.errors import SearchError
from dlscope.devices.closed_form import best_engines, best_pipeline

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, *, shared: bool) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, float]]:
    """Stages with a DSP or a LUT each, or with both, and budgets for them."""
    random = np.random.default_rng(seed)
    work = 10 ** random.uniform(5, 7.5, random.integers(1, 9))
    dsp = random.choice([0, 0.25, 0.5, 1], work.size)
    lut = np.where(dsp == 0, random.uniform(20, 300, work.size), 0)
    if shared:
        lut = lut + random.uniform(1, 300, work.size)
    budget = {"dsp": float(random.uniform(50, 900)), "lut": float(random.uniform(1e4, 2e5))}
    return work, {"dsp": dsp, "lut": lut}, budget


def shares(costs, budget, lanes) -> list[float]:
    return [float(costs[name] @ lanes / limit) for name, limit in budget.items()]


@given(SEEDS, st.booleans())
def test_a_pipeline_is_balanced_and_uses_what_is_scarcest(seed: int, shared: bool) -> None:
    work, costs, budget = drawn(seed, shared=shared)
    best = best_pipeline(work, costs, budget)
    assert np.allclose(work / best.lanes, best.cycles, rtol=1e-12)
    assert max(shares(costs, budget, best.lanes)) == pytest.approx(1, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.booleans())
def test_engines_take_what_constrained_optimisation_finds(seed: int, shared: bool) -> None:
    work, costs, budget = drawn(seed, shared=shared)
    best = best_engines(work, costs, budget)
    assert max(shares(costs, budget, best.lanes)) <= 1 + 1e-9
    limits = [
        {
            "type": "ineq",
            "fun": lambda logs, name=name: 1 - costs[name] @ np.exp(logs) / budget[name],
        }
        for name in budget
    ]
    start = np.log(best.lanes * np.random.default_rng(seed).uniform(0.3, 0.7, work.size))
    found = minimize(
        lambda logs: np.sum(work / np.exp(logs)) / best.cycles,
        start,
        constraints=limits,
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-13},
    )
    assert found.success
    assert found.fun == pytest.approx(1, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_pipeline_takes_what_constrained_optimisation_finds(seed: int) -> None:
    work, costs, budget = drawn(seed, shared=True)
    best = best_pipeline(work, costs, budget)
    # Minimise t with work_i / p_i <= t: lanes are the variables, and t the last of them.
    limits = [
        {
            "type": "ineq",
            "fun": lambda x, name=name: 1 - costs[name] @ np.exp(x[:-1]) / budget[name],
        }
        for name in budget
    ]
    limits.append({"type": "ineq", "fun": lambda x: x[-1] - work / np.exp(x[:-1]) / best.cycles})
    start = np.append(np.log(best.lanes * 0.5), 3.0)
    found = minimize(lambda x: x[-1], start, constraints=limits, method="SLSQP",
                     options={"maxiter": 2000, "ftol": 1e-13})  # fmt: skip
    assert found.x[-1] == pytest.approx(1, abs=1e-6)


def test_equal_to_the_formulas_by_hand() -> None:
    work, costs = [1000.0, 4000.0], {"dsp": [1.0, 0.5]}
    pipeline = best_pipeline(work, costs, {"dsp": 10.0})
    assert (pipeline.cycles, pipeline.lanes.tolist()) == (300.0, [1000 / 300, 4000 / 300])
    engines = best_engines(work, costs, {"dsp": 10.0})
    roots = np.sqrt(1000), np.sqrt(2000)
    assert engines.cycles == pytest.approx(sum(roots) ** 2 / 10)
    assert engines.lanes.tolist() == pytest.approx(
        [10 * np.sqrt(1000) / sum(roots), 10 * np.sqrt(8000) / sum(roots)]
    )


def test_engines_of_different_resources_add_up() -> None:
    work, budget = [1e6, 2e6, 3e6], {"dsp": 100.0, "lut": 5000.0}
    both = best_engines(work, {"dsp": [1, 0.5, 0], "lut": [0, 0, 70]}, budget)
    first = best_engines(work[:2], {"dsp": [1, 0.5]}, budget)
    second = best_engines(work[2:], {"lut": [70]}, budget)
    assert both.cycles == pytest.approx(first.cycles + second.cycles)


@given(SEEDS)
def test_sub_stages_of_a_block_simply_add_terms(seed: int) -> None:
    work, costs, budget = drawn(seed, shared=False)
    doubled = {name: np.tile(each, 2) for name, each in costs.items()}
    halves = best_pipeline(np.tile(work / 2, 2), doubled, budget)
    assert halves.cycles == pytest.approx(best_pipeline(work, costs, budget).cycles)


def test_what_is_not_limited_does_not_bind() -> None:
    limited = best_pipeline([1e6], {"dsp": [1.0], "lut": [50.0]}, {"dsp": 10.0})
    assert limited.cycles == 1e5


@pytest.mark.parametrize("solve", [best_pipeline, best_engines])
@pytest.mark.parametrize(
    ("work", "costs", "budget", "message"),
    [
        (
            *([1e6], {"dsp": [1.0]}, {"dsp": 0.0}),
            "SearchError: infeasible: the budget of dsp is 0\n"
            "  where  closed-form parallelism\n"
            "  fix    give a budget above 0 for what the design uses",
        ),
        (
            *([1e6, 0.0], {"dsp": [1.0, 1.0]}, {"dsp": 10.0}),
            "SearchError: work is not above 0, or a cost is below\n"
            "  where  closed-form parallelism\n"
            "  fix    leave out stages without work",
        ),
        (
            *([1e6, 1e6], {"dsp": [1.0, 0.0], "lut": [0.0, 70.0]}, {"dsp": 10.0}),
            "SearchError: stage 1 uses nothing that is limited\n"
            "  where  closed-form parallelism\n"
            "  fix    give a budget for what it uses, one of dsp, lut",
        ),
    ],
)
def test_refuses_what_has_no_optimum(solve, work, costs, budget, message: str) -> None:
    with pytest.raises(SearchError) as refusal:
        solve(work, costs, budget)
    assert str(refusal.value) == message
