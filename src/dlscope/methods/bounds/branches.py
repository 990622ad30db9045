"""`branch_sets`: where a network forks and joins, and what running the branches at once saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.methods.bounds.bound import ParallelBound, Step

_Timed = tuple[int, int, Step]
"""Begin, end, and what runs."""


@final
@dataclass(frozen=True)
class BranchSet:
    """Steps off the critical path that run while `beside` of the path do.

    `saved_ns` is what they take, since one after another they would come on top of the path.
    """

    steps: tuple[Step, ...]
    beside: tuple[Step, ...]
    start_ns: int
    end_ns: int
    saved_ns: int


def branch_sets(bound: ParallelBound) -> tuple[BranchSet, ...]:
    """The sets of an ideal schedule, the most saved first; nothing of a chain.

    Steps off the critical path belong to one set as long as each begins before, or just when, those
    before it end.
    """
    on_path = {step.layers for step in bound.path}
    timed: list[_Timed] = [
        (start, start + step.cost.cost_ns, step)
        for start, step in zip(bound.starts_ns, bound.steps, strict=True)
        if step.cost.cost_ns and step.layers not in on_path
    ]
    timed.sort(key=lambda each: each[:2])
    found = [_set(bound, together) for together in _overlapping(timed)]
    return tuple(sorted(found, key=lambda each: (-each.saved_ns, each.start_ns)))


def _overlapping(timed: Sequence[_Timed]) -> Iterator[list[_Timed]]:
    together: list[_Timed] = []
    until = 0
    for start, end, step in timed:
        if together and start > until:
            yield together
            together = []
        together.append((start, end, step))
        until = max(until, end)
    if together:
        yield together


def _set(bound: ParallelBound, timed: Sequence[_Timed]) -> BranchSet:
    start, end = timed[0][0], max(each[1] for each in timed)
    steps = tuple(step for _, _, step in timed)
    starts = {step.layers: begin for begin, step in zip(bound.starts_ns, bound.steps, strict=True)}
    beside = tuple(
        step
        for step in bound.path
        if starts[step.layers] < end and starts[step.layers] + step.cost.cost_ns > start
    )
    return BranchSet(steps, beside, start, end, sum(step.cost.cost_ns for step in steps))
