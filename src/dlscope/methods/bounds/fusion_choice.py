"""`most_gain`: which of overlapping candidates to take so that what they gain is the most."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, final

EXACT_UP_TO = 20
"""Candidates that hang together, up to which all choices are searched."""


@final
@dataclass(frozen=True)
class Candidate:
    """What is gained by taking it, and the members that no other one may then have.

    Members are numbers along the order in which things happen.
    """

    gain: int
    members: frozenset[int]


@final
@dataclass(frozen=True)
class Choice:
    """Places of the candidates that are taken, ascending, and whether that is the best there is."""

    taken: tuple[int, ...]
    method: Literal["exact", "greedy"]


def most_gain(candidates: Sequence[Candidate]) -> Choice:
    """Disjoint candidates with the largest sum of gains; those that gain nothing are not taken.

    Candidates that overlap, directly or through others, are decided together: by a dynamic
    programme where each is a run of neighbours, by branch and bound where there are at most
    `EXACT_UP_TO`, else by the largest gain first, which may miss the best.
    """
    taken: list[int] = []
    is_exact = True
    for conflict in _conflicts(candidates):
        runs = _as_runs(candidates, conflict)
        if runs is not None:
            taken += _best_runs(candidates, conflict, runs)
        elif len(conflict) <= EXACT_UP_TO:
            taken += _Search(candidates, conflict).best()
        else:
            taken += _greedy(candidates, conflict)
            is_exact = False
    return Choice(tuple(sorted(taken)), "exact" if is_exact else "greedy")


def _conflicts(candidates: Sequence[Candidate]) -> Iterator[list[int]]:
    """Places of candidates that gain something, those that hang together in one list."""
    holders: dict[int, list[int]] = {}
    left = {place: None for place, each in enumerate(candidates) if each.gain > 0}
    for place in left:
        for member in candidates[place].members:
            holders.setdefault(member, []).append(place)
    while left:
        waiting, found = [next(iter(left))], []
        while waiting:
            place = waiting.pop()
            if place in left:
                del left[place]
                found.append(place)
                waiting += [each for m in candidates[place].members for each in holders.pop(m, ())]
        yield sorted(found)


def _as_runs(
    candidates: Sequence[Candidate], conflict: Sequence[int]
) -> list[tuple[int, int]] | None:
    """First and last member, as places among all of them; None where a candidate has a gap."""
    members = sorted({each for place in conflict for each in candidates[place].members})
    rank = {member: index for index, member in enumerate(members)}
    runs = []
    for place in conflict:
        ranks = [rank[member] for member in candidates[place].members]
        runs.append((min(ranks), max(ranks)))
        if runs[-1][1] - runs[-1][0] + 1 != len(ranks):
            return None
    return runs


def _best_runs(
    candidates: Sequence[Candidate], conflict: Sequence[int], runs: Sequence[tuple[int, int]]
) -> list[int]:
    """Weighted interval scheduling: the best up to a run's end has that run or not."""
    order = sorted(range(len(runs)), key=lambda index: (runs[index][1], runs[index][0]))
    lasts = [runs[index][1] for index in order]
    best = [0]
    before = [bisect_right(lasts, runs[index][0] - 1) for index in order]
    for index, earlier in zip(order, before, strict=True):
        best.append(max(best[-1], best[earlier] + candidates[conflict[index]].gain))
    taken = []
    here = len(order)
    while here:
        if best[here] == best[here - 1]:
            here -= 1
        else:
            taken.append(conflict[order[here - 1]])
            here = before[here - 1]
    return taken


@final
class _Search:
    """Branch and bound: a branch that cannot gain more than the best found is cut off."""

    def __init__(self, candidates: Sequence[Candidate], conflict: Sequence[int]) -> None:
        self._order = _by_gain(candidates, conflict)
        self._candidates = candidates
        self._most = 0
        self._taken: tuple[int, ...] = ()

    def best(self) -> tuple[int, ...]:
        self._branch(tuple(self._order), (), 0)
        return self._taken

    def _branch(self, left: tuple[int, ...], taken: tuple[int, ...], gain: int) -> None:
        if gain > self._most:
            self._most, self._taken = gain, taken
        if gain + sum(self._candidates[place].gain for place in left) <= self._most:
            return
        first, *rest = left
        mine = self._candidates[first]
        free = tuple(each for each in rest if mine.members.isdisjoint(self._members(each)))
        self._branch(free, (*taken, first), gain + mine.gain)
        if len(free) < len(rest):  # one that is in nobody's way is always taken
            self._branch(tuple(rest), taken, gain)

    def _members(self, place: int) -> frozenset[int]:
        return self._candidates[place].members


def _greedy(candidates: Sequence[Candidate], conflict: Sequence[int]) -> list[int]:
    used: set[int] = set()
    taken = []
    for place in _by_gain(candidates, conflict):
        if used.isdisjoint(candidates[place].members):
            used |= candidates[place].members
            taken.append(place)
    return taken


def _by_gain(candidates: Sequence[Candidate], places: Sequence[int]) -> list[int]:
    """The largest gain first."""
    return sorted(places, key=lambda place: (-candidates[place].gain, place))
