"""`minimum`: the least of a sum of costs of single choices and of pairs of choices.

A variable that at most two others are paired with is taken out: for each choice of those two, its
own best choice is known, so that its costs become costs of them. Chains and series-parallel graphs
vanish in this way, exactly. What is left is searched by a beam, in the order of variables.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
BEAM = 64


@final
@dataclass(frozen=True)
class Minimum:
    """The choice of each variable, and whether no other choices cost less."""

    choices: tuple[int, ...]
    is_exact: bool


@final
@dataclass
class Pairwise:
    """A sum of costs: `single[v][c]` of variable v at choice c, and of pairs of choices.

    Variables are numbered from 0 as they are added. An infinite cost forbids two choices together.
    """

    single: list[Costs] = field(default_factory=list)
    _pairs: dict[int, dict[int, Costs]] = field(default_factory=dict)

    def add(self, costs: Sequence[float] | Costs) -> int:
        """A new variable with the costs of its choices; the number by which it is known."""
        self.single.append(np.array(costs, dtype=np.float64))
        self._pairs[len(self.single) - 1] = {}
        return len(self.single) - 1

    def add_single(self, variable: int, costs: Costs) -> None:
        """More costs of the choices of a variable."""
        self.single[variable] = self.single[variable] + costs

    def add_pair(self, first: int, second: int, costs: Costs) -> None:
        """More costs of two different variables: a row for each choice of the first."""
        known = self._pairs[first].get(second, 0.0)
        self._pairs[first][second] = known + costs
        self._pairs[second][first] = self._pairs[first][second].T

    @property
    def variables(self) -> tuple[int, ...]:
        """The variables that were not taken out."""
        return tuple(self._pairs)

    def partners(self, variable: int) -> Mapping[int, Costs]:
        """The variables paired with one, and the costs, a row for each choice of the one."""
        return self._pairs[variable]

    def take_out(self, variable: int) -> Mapping[int, Costs]:
        """Forget a variable; what it was paired with."""
        partners = self._pairs.pop(variable)
        for each in partners:
            del self._pairs[each][variable]
        return partners

    def copy(self) -> Pairwise:
        """The same costs, to be changed apart."""
        pairs = {variable: dict(partners) for variable, partners in self._pairs.items()}
        return Pairwise(list(self.single), pairs)

    def cost(self, choices: Sequence[int]) -> float:
        """The sum at these choices of all variables."""
        singles = sum(float(costs[choices[v]]) for v, costs in enumerate(self.single))
        pairs = (
            float(costs[choices[first], choices[second]])
            for first, partners in self._pairs.items()
            for second, costs in partners.items()
            if first < second
        )
        return singles + sum(pairs)


def minimum(problem: Pairwise, seeds: Sequence[Sequence[int]], *, beam: int = BEAM) -> Minimum:
    """The best choices found; never worse than any of `seeds`, which choose for all variables."""
    rest = problem.copy()
    taken_out = _take_out_all(rest)
    core, is_exact = _search(rest, rest.variables, seeds, beam)
    choices = dict(core)
    for each in reversed(taken_out):
        choices[each.variable] = int(each.best[tuple(choices[v] for v in each.partners)])
    return Minimum(tuple(choices[variable] for variable in range(len(problem.single))), is_exact)


class _TakenOut(NamedTuple):
    """A variable, and its best choice for each choice of its partners."""

    variable: int
    partners: tuple[int, ...]
    best: NDArray[np.intp]


def _take_out_all(problem: Pairwise) -> list[_TakenOut]:
    """Take out what has at most two partners, until no such variable is left."""
    found: list[_TakenOut] = []
    waiting = list(problem.variables)
    gone: set[int] = set()
    while waiting:
        variable = heapq.heappop(waiting)
        if variable in gone or len(problem.partners(variable)) > 2:
            continue
        partners = problem.take_out(variable)
        gone.add(variable)
        found.append(_folded(problem, variable, partners))
        for each in partners:
            heapq.heappush(waiting, each)
    return found


def _folded(problem: Pairwise, variable: int, partners: Mapping[int, Costs]) -> _TakenOut:
    """Put the costs of `variable` at its best choices onto its partners."""
    costs: NDArray[Any] = problem.single[variable]
    for axis, pair in enumerate(partners.values()):
        costs = costs[..., None] + pair.reshape(pair.shape[0], *(1,) * axis, -1)
    least = costs.min(axis=0)
    names = tuple(partners)
    if len(names) == 1:
        problem.add_single(names[0], least)
    elif len(names) == 2:
        problem.add_pair(*names, least)
    return _TakenOut(variable, names, np.asarray(costs.argmin(axis=0)))


@final
class _State(NamedTuple):
    cost: float
    choices: dict[int, int]


def _search(
    problem: Pairwise, order: Sequence[int], seeds: Sequence[Sequence[int]], beam: int
) -> tuple[dict[int, int], bool]:
    """Choices for the variables of `order`, and whether none had to be dropped on the way.

    States that agree on every variable with a partner still to come differ in nothing that
    matters: the cheapest of them is kept. The states of `seeds` are kept whatever they cost.
    """
    last_partner = {v: max(problem.partners(v), default=v) for v in order}
    states = [_State(0.0, {})]
    is_exact = True
    for variable in order:
        grown = [each for state in states for each in _grown(problem, state, variable)]
        open_ones = [v for v in order if v <= variable < last_partner[v]]
        distinct = _cheapest_of_each(grown, open_ones)
        kept = distinct[:beam]
        is_exact = is_exact and len(kept) == len(distinct)
        states = kept + _seeded(distinct[beam:], open_ones, seeds)
    return states[0].choices, is_exact


def _grown(problem: Pairwise, state: _State, variable: int) -> list[_State]:
    costs = state.cost + problem.single[variable]
    for partner, pair in problem.partners(variable).items():
        if partner in state.choices:
            costs = costs + pair[:, state.choices[partner]]
    return [
        _State(float(cost), state.choices | {variable: choice})
        for choice, cost in enumerate(costs)
        if np.isfinite(cost)
    ]


def _cheapest_of_each(states: list[_State], open_ones: Sequence[int]) -> list[_State]:
    """The cheapest state for each choice of the variables that still matter, cheapest first."""
    found: dict[tuple[int, ...], _State] = {}
    for state in sorted(states, key=lambda state: state.cost):
        found.setdefault(tuple(state.choices[v] for v in open_ones), state)
    return list(found.values())


def _seeded(
    states: list[_State], open_ones: Sequence[int], seeds: Sequence[Sequence[int]]
) -> list[_State]:
    """Those of `states` that choose as a seed does where it still matters."""
    wanted = {tuple(seed[v] for v in open_ones) for seed in seeds}
    return [state for state in states if tuple(state.choices[v] for v in open_ones) in wanted]
