"""Best continuous parallelism in closed form, for stages of a pipeline and for shared engines.

W_i is the work of stage or engine i in cycles of one lane, ψ_{i,r} what a lane of it takes of
resource r, R_r the budget, p_i the lanes.

    pipeline    T* = max_r Σ_i ψ_{i,r} · W_i / R_r              p_i = W_i / T*
    engines     lat* = Σ_r (Σ_{i uses r} √(ψ_{i,r} · W_i))² / R_r
                p_i = R_r · √(W_i / ψ_{i,r}) / Σ_{j uses r} √(ψ_{j,r} · W_j)

A pipeline balances all stages whatever they use. Engines run one after another, so each resource
is shared by its own; one that uses two scarce resources has no closed form and is solved for.
Both are smooth in W and ψ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from dlscope.core.errors import SearchError
from dlscope.devices.base import Floats

_STEPS, _GAP = 20_000, 1e-7


@final
@dataclass(frozen=True)
class Optimum:
    """The least cycles, and the lanes of each stage or engine that reach it."""

    cycles: float
    lanes: Floats


def best_pipeline(
    work: ArrayLike, lane_costs: Mapping[str, ArrayLike], budget: Mapping[str, float]
) -> Optimum:
    """The pipeline with the fewest cycles between results.

    `work` and each array of `lane_costs` have one entry a stage. Raises `SearchError` for a
    budget that is not above 0, and for a stage that uses nothing that is limited.
    """
    works, costs, limits = _checked(work, lane_costs, budget)
    cycles = float(np.max(costs @ works / limits))
    return Optimum(cycles, works / cycles)


def best_engines(
    work: ArrayLike, lane_costs: Mapping[str, ArrayLike], budget: Mapping[str, float]
) -> Optimum:
    """The engines with the fewest cycles in all; `work` is what every layer of an engine asks.

    Raises `SearchError` as `best_pipeline` does.
    """
    works, costs, limits = _checked(work, lane_costs, budget)
    if np.all((costs > 0).sum(axis=0) == 1):
        lanes = _separate_engines(works, costs, limits)
    else:
        lanes = _coupled_engines(works, costs, limits)
    return Optimum(float(np.sum(works / lanes)), lanes)


def _separate_engines(works: Floats, costs: Floats, limits: Floats) -> Floats:
    """Each engine uses one resource."""
    roots = np.sqrt(costs * works)
    own = costs.argmax(axis=0)
    of_engine = costs.max(axis=0)
    return np.asarray(limits[own] * np.sqrt(works / of_engine) / roots.sum(axis=1)[own])


def _coupled_engines(works: Floats, costs: Floats, limits: Floats) -> Floats:
    """Engines that use several resources: p_i = √(W_i / Σ_r μ_r ψ_{i,r}) at the right prices μ.

    A price rises with the square of how far its resource is overused, and dies away where some
    is left. The dual Σ_i 2 √(W_i Σ_r μ_r ψ_{i,r}) − Σ_r μ_r R_r says when that is exact.
    """
    prices = (np.sqrt(costs * works).sum(axis=1) / limits) ** 2 / len(limits)
    lanes = works
    for _ in range(_STEPS):
        of_lane = prices @ costs
        asked = np.sqrt(works / of_lane)
        used = costs @ asked / limits
        lanes = asked / used.max()
        cycles = np.sum(works / lanes)
        dual = 2 * np.sum(np.sqrt(works * of_lane)) - prices @ limits
        if cycles - dual <= _GAP * cycles:
            break
        prices = prices * used**2
    return np.asarray(lanes)


def _checked(
    work: ArrayLike, lane_costs: Mapping[str, ArrayLike], budget: Mapping[str, float]
) -> tuple[Floats, Floats, Floats]:
    """Work, costs (resource × stage) and limits of the resources that are used and limited."""
    works = np.asarray(work, dtype=np.float64)
    names = _limited(lane_costs, budget)
    rows = [np.asarray(lane_costs[name], dtype=np.float64) for name in names]
    costs = np.stack(np.broadcast_arrays(*rows, works)[:-1]) if rows else np.zeros((0, works.size))
    if not works.size or not np.all(works > 0) or np.any(costs < 0):
        raise SearchError(
            "work is not above 0, or a cost is below",
            where="closed-form parallelism",
            fix="leave out stages without work",
        )
    if not np.all(costs.sum(axis=0) > 0):
        place = int(np.argmin(costs.sum(axis=0) > 0))
        raise SearchError(
            f"stage {place} uses nothing that is limited",
            where="closed-form parallelism",
            fix=f"give a budget for what it uses, one of {', '.join(sorted(lane_costs))}",
        )
    return works, costs, np.array([budget[name] for name in names])


def _limited(lane_costs: Mapping[str, ArrayLike], budget: Mapping[str, float]) -> Sequence[str]:
    names = [
        name
        for name in sorted(lane_costs)
        if name in budget and np.any(np.asarray(lane_costs[name]))
    ]
    for name in names:
        if not budget[name] > 0:
            raise SearchError(
                f"infeasible: the budget of {name} is {budget[name]:g}",
                where="closed-form parallelism",
                fix="give a budget above 0 for what the design uses",
            )
    return names
