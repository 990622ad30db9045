"""Q9: what to do first, and what then? Each step is predicted with those before it in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from dlscope.methods.bounds.advice import (
    algorithm,
    fusion,
    gap,
    layout,
    parallel,
    precision,
    threads,
)
from dlscope.methods.bounds.advice.base import Advice, Subject, is_worth_telling

QUESTIONS: tuple[Callable[[Subject], Iterator[Advice]], ...] = (
    gap.advise,
    parallel.advise,
    threads.advise,
    algorithm.advise,
    fusion.advise,
    precision.advise,
    layout.advise,
)
_MOST_STEPS = 8


@final
@dataclass(frozen=True)
class Ranked:
    """A step of the plan: its place from 1, the advice, and the latency when it is done."""

    rank: int
    advice: Advice
    latency_then_ns: float


def all_advice(subject: Subject) -> list[Advice]:
    """Every answer about a model in its setup, the largest saving first, losses last."""
    found = [advice for ask in QUESTIONS for advice in ask(subject)]
    return sorted(found, key=lambda each: (-each.saving_ns, each.analysis, each.change, each.how))


def ranking(subject: Subject) -> tuple[Ranked, ...]:
    """The plan: of what can be set the most saving first, asked anew after each; then the rest.

    Greedy: two changes that gain only together are not found.
    """
    plan: list[Ranked] = []
    now = subject
    while len(plan) < _MOST_STEPS:
        able = [each for each in all_advice(now) if each.setup and _is_worth(each, subject)]
        if not able:
            break
        best = able[0]
        assert best.setup is not None
        then_ns = now.latency_ns - best.saving_ns
        plan.append(Ranked(len(plan) + 1, best, then_ns))
        now = now.then(best.setup, then_ns)
    plan += _by_hand(now, len(plan), subject)
    return tuple(plan)


def _by_hand(now: Subject, done: int, first: Subject) -> Iterator[Ranked]:
    """What no setting changes. Savings of different patterns and operators add up."""
    latency_ns = now.latency_ns
    left = [each for each in all_advice(now) if not each.setup and _is_worth(each, first)]
    for place, each in enumerate(left, start=done + 1):
        latency_ns -= each.saving_ns
        yield Ranked(place, each, latency_ns)


def _is_worth(advice: Advice, subject: Subject) -> bool:
    return is_worth_telling(advice, subject.latency_ns)
