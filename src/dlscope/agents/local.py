"""`LocalScheduler`: executes plans in worker processes on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

from dlscope.agents.bench import Bench
from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.core.errors import PlanError
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.stacks.fingerprint import environment


@final
class LocalScheduler(Scheduler):
    """A fresh worker for each measurement; plans that only count accuracy share one.

    Hooks that workers may run have `permission`, by default that of the environment. There is no
    `address`: raises `PlanError` for one.
    """

    name = "local"

    def __init__(
        self, permission: HookPermission | None = None, address: str | None = None
    ) -> None:
        if address is not None:
            raise PlanError(
                f"the scheduler 'local' has no address, and {address!r} is one",
                where="--address",
                fix="leave --address out, or choose --scheduler ray",
            )
        self._permission = permission

    def _agents(self) -> None:
        return None

    def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
        return (environment(plan.framework.stack).fingerprint,)

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        with Bench(self._permission) as bench:
            for assignment in assignments:
                ready = assignment.instead()
                if ready is not None:
                    yield ready
                else:
                    yield from bench.runs(assignment, observer)
