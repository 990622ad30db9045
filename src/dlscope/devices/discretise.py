"""From continuous lanes to powers of two: the best pipeline, and the best shared engines.

Stages and engines are what `Scales`: cycles at some lanes, what a lane takes, the most lanes they
can have. Costs that do not depend on lanes are taken off the budget by whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, final

import numpy as np

from dlscope.core.errors import SearchError

Budget: TypeAlias = Mapping[str, float]
_MOST_LANES = 4096
_SLACK = 1e-9  # what rounding may add to a sum of resources


class Scales(Protocol):
    """A stage or an engine that gets faster with lanes, and never slower."""

    @property
    def lane_costs(self) -> Mapping[str, float]:
        """Resources of one lane."""

    @property
    def most_lanes(self) -> int:
        """The most lanes it can have."""

    def cycles(self, lanes: int) -> float:
        """How long it takes with `lanes` lanes, in cycles or any other unit."""


@final
@dataclass(frozen=True)
class Scalable:
    """A stage or an engine whose `work` is in cycles of one lane, and divides by its lanes."""

    work: float
    lane_costs: Mapping[str, float] = field(default_factory=dict)
    most_lanes: int = _MOST_LANES

    def cycles(self, lanes: int) -> float:
        """Cycles with `lanes` lanes."""
        return self.work / lanes


@final
@dataclass(frozen=True)
class Discrete:
    """Lanes of each stage or engine, powers of two, and the cycles that they come to."""

    lanes: tuple[int, ...]
    cycles: float


def rescaled(pf: Sequence[float], used: Mapping[str, float], budget: Budget) -> tuple[float, ...]:
    """`pf` moved alike, so that the scarcest resource is used up: + log2 of min(R_ub / R).

    `used` is what the design takes at `pf`. Raises `SearchError` when it takes nothing limited.
    """
    ratios = [budget[name] / amount for name, amount in used.items() if name in budget and amount]
    if not ratios or min(ratios) <= 0:
        raise SearchError(
            "parallelism cannot be scaled to the budget",
            where=_told(budget),
            fix="give a budget above 0 for what the design uses",
        )
    return tuple(float(each + np.log2(min(ratios))) for each in pf)


def discrete_pipeline(stages: Sequence[Scales], budget: Budget) -> Discrete:
    """The pipeline of powers of two whose slowest stage is fastest, at the least resources.

    From one lane each, the slowest stage (of several the first) is doubled until it cannot be, for
    the budget or for its channels; then no design is faster, since a faster one has more lanes in
    that stage and as many in every other. Raises `SearchError` where one lane each is too much.
    """
    lanes = [1] * len(stages)
    _require_feasible(stages, budget)
    while True:
        slowest = _slowest(stages, lanes)
        lanes[slowest] *= 2
        has_room = lanes[slowest] <= stages[slowest].most_lanes
        if not has_room or not _fits(stages, lanes, budget):
            lanes[slowest] //= 2
            return Discrete(tuple(lanes), stages[slowest].cycles(lanes[slowest]))


def discrete_engines(engines: Sequence[Scales], budget: Budget) -> Discrete:
    """The engines of powers of two that take the fewest cycles in all, exactly.

    Engine by engine every number of lanes is tried, and of the designs so far only those are kept
    that no other beats in cycles and in every resource. Raises `SearchError` as for a pipeline.
    """
    _require_feasible(engines, budget)
    names = sorted(budget)
    least_left = _least_left(engines, names)
    kept: list[_Partial] = [_Partial(0.0, (0.0,) * len(names), ())]
    for engine, reserve in zip(engines, least_left, strict=True):
        grown = (
            _extended(part, engine, lanes, names) for part in kept for lanes in _powers(engine)
        )
        kept = _undominated(part for part in grown if part.fits_with(reserve, names, budget))
    best = min(kept, key=lambda part: (part.cycles, part.used))
    return Discrete(best.lanes, best.cycles)


def least_resources(parts: Sequence[Scales]) -> dict[str, float]:
    """What one lane each takes, by resource."""
    return _used(parts, [1] * len(parts))


@final
@dataclass(frozen=True)
class _Partial:
    cycles: float
    used: tuple[float, ...]
    lanes: tuple[int, ...]

    def fits_with(self, reserve: Sequence[float], names: Sequence[str], budget: Budget) -> bool:
        """Whether there is room for one lane of every engine to come."""
        return all(
            used + left <= budget[name] * (1 + _SLACK)
            for used, left, name in zip(self.used, reserve, names, strict=True)
        )


def _extended(part: _Partial, engine: Scales, lanes: int, names: Sequence[str]) -> _Partial:
    added = (lanes * engine.lane_costs.get(name, 0.0) for name in names)
    used = tuple(before + more for before, more in zip(part.used, added, strict=True))
    return _Partial(part.cycles + engine.cycles(lanes), used, (*part.lanes, lanes))


def _undominated(parts: Iterator[_Partial]) -> list[_Partial]:
    kept: list[_Partial] = []
    for part in sorted(parts, key=lambda each: (each.cycles, each.used)):
        if not any(all(map(float.__le__, other.used, part.used)) for other in kept):
            kept.append(part)
    return kept


def _least_left(engines: Sequence[Scales], names: Sequence[str]) -> list[tuple[float, ...]]:
    """For each engine, what one lane of each of those after it takes."""
    later = [least_resources(engines[place + 1 :]) for place in range(len(engines))]
    return [tuple(each.get(name, 0.0) for name in names) for each in later]


def _powers(engine: Scales) -> Iterator[int]:
    lanes = 1
    while lanes <= engine.most_lanes:
        yield lanes
        lanes *= 2


def _slowest(stages: Sequence[Scales], lanes: Sequence[int]) -> int:
    cycles = [stage.cycles(count) for stage, count in zip(stages, lanes, strict=True)]
    return cycles.index(max(cycles))


def _fits(parts: Sequence[Scales], lanes: Sequence[int], budget: Budget) -> bool:
    used = _used(parts, lanes)
    return all(used.get(name, 0.0) <= limit * (1 + _SLACK) for name, limit in budget.items())


def _used(parts: Sequence[Scales], lanes: Sequence[int]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part, count in zip(parts, lanes, strict=True):
        for name, cost in part.lane_costs.items():
            total[name] = total.get(name, 0.0) + cost * count
    return total


def _require_feasible(parts: Sequence[Scales], budget: Budget) -> None:
    if not parts:
        raise SearchError(
            "there is nothing to give lanes to", where="discretisation", fix="add stages"
        )
    least = least_resources(parts)
    short = sorted(name for name, need in least.items() if need > budget.get(name, np.inf))
    if short:
        listing = ", ".join(f"{name} {least[name]:g}" for name in sorted(least))
        raise SearchError(
            f"infeasible: one lane each needs more {' and '.join(short)} than the budget has",
            where=_told(budget),
            fix=f"the least that is required: {listing}",
        )


def _told(budget: Budget) -> str:
    return "budget " + (", ".join(f"{name} {budget[name]:g}" for name in sorted(budget)) or "empty")
