from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.testing.stores import sample_plan, sample_run


class Stepping(Scheduler):
    """Tells one step of each plan before it gives its Run."""

    name = "stepping"

    def _agents(self) -> None:
        return None

    def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
        del plan
        return ("here",)

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        for number, assignment in enumerate(assignments):
            observer(assignment.plan, {"step": "measure", "share": 0.5})
            yield sample_run(f"r{number}", plan=assignment.plan)


ASSIGNMENTS = [Assignment(sample_plan(seed=seed), Path(f"partial-{seed}")) for seed in range(2)]


def test_tells_the_observer_which_plan_comes_along() -> None:
    told: list[tuple[int, str]] = []

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        told.append((plan.seed, event["step"]))

    runs = list(Stepping().execute(ASSIGNMENTS, observe))
    assert [run.plan.seed for run in runs] == [0, 1]
    assert told == [(0, "measure"), (1, "measure")]


def test_nobody_needs_to_observe() -> None:
    assert [run.id for run in Stepping().execute(ASSIGNMENTS)] == ["r0", "r1"]


def test_a_plan_is_executed_only_when_its_run_is_asked_for() -> None:
    told: list[int] = []

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        told.append(plan.seed)

    runs = Stepping().execute(ASSIGNMENTS, observe)
    assert told == []
    next(runs)
    assert told == [0]
