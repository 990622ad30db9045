"""`LocalScheduler`: executes plans in worker processes on this machine."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import final

from dlscope.agents.device_lock import WAITING, device_lock
from dlscope.agents.patience import Patience
from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.agents.worker_process import WorkerProcess
from dlscope.core.hook_permission import HookPermission
from dlscope.core.run import Run

Fresh = Callable[[], WorkerProcess]
"""Starts another worker."""


@final
class LocalScheduler(Scheduler):
    """A fresh worker for each measurement; plans that only count accuracy share one.

    Hooks that workers may run have `permission`, by default that of the environment.
    """

    name = "local"

    def __init__(self, permission: HookPermission | None = None) -> None:
        self._worker = functools.partial(WorkerProcess, permission)

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        with contextlib.ExitStack() as stack:
            shared: WorkerProcess | None = None
            for assignment in assignments:
                ready = assignment.instead()
                if ready is not None:
                    yield ready
                elif assignment.plan.scenario.mode == "accuracy":
                    if shared is None or not shared.is_alive:
                        shared = stack.enter_context(self._worker())
                    yield from _carry_out(shared, self._worker, assignment, observer)
                else:
                    yield from _measure(self._worker, assignment, observer)


def _measure(fresh: Fresh, assignment: Assignment, observer: Observer) -> Iterator[Run]:
    def tell_waiting() -> None:
        observer(assignment.plan, {"step": WAITING})

    with device_lock(tell_waiting), fresh() as worker:
        yield from _carry_out(worker, fresh, assignment, observer)


def _carry_out(
    worker: WorkerProcess, fresh: Fresh, assignment: Assignment, observer: Observer
) -> Iterator[Run]:
    """The Run of one plan; after a prediction that hung it is taken up in a fresh worker."""
    patience = Patience(assignment)
    with contextlib.ExitStack() as stack:
        while True:
            try:
                run = worker.run(assignment, observer)
            except KeyboardInterrupt:
                yield worker.stop(assignment, observer)
                raise
            if not patience.goes_on_after(run, worker.ended):
                yield run
                return
            worker = stack.enter_context(fresh())
