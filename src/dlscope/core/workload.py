"""`Workload`: the verb a Plan names, and what it is given to work with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, final

from dlscope.core.errors import PlanError
from dlscope.core.plan import Plan
from dlscope.core.run import Run

Progress = Callable[[Mapping[str, Any]], None]
"""Receives `{"step": name, "share": 0…1, …}`, at most a few times a second."""


def _ignore(event: Mapping[str, Any]) -> None:
    del event


@dataclass(frozen=True)
class Context:
    """Where a Plan is carried out.

    `partial` is a folder whose content survives an interruption; `progress` is told how the plan
    comes along; `should_stop` says whether the user has asked to end early. Predictors count in
    `pulse` what they begin and end, where somebody watches.
    """

    run_id: str
    partial: Path | None = None
    progress: Progress = _ignore
    should_stop: Callable[[], bool] = field(default=lambda: False)
    pulse: memoryview | None = None


class Workload(ABC):
    """Carries out one kind of Plan."""

    name: ClassVar[str]

    @final
    def execute(self, plan: Plan, context: Context) -> Run:
        """Carry out `plan`; the Run is closed and belongs to it.

        Raises `PlanError` when the plan names another workload; other errors are the caller's
        to record as a failed Run.
        """
        if plan.workload != self.name:
            raise PlanError(
                f"the plan is for workload {plan.workload!r}, not {self.name!r}",
                where=f"plan {plan.digest[:12]}",
                fix=f"execute it with the workload {plan.workload!r}",
            )
        return self._execute(plan, context)

    @abstractmethod
    def _execute(self, plan: Plan, context: Context) -> Run: ...
