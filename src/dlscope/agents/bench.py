"""`Bench`: the workers of one machine, and what they carry out one plan after another."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, final

from dlscope.agents.device_lock import WAITING, GivenUp, device_lock
from dlscope.agents.patience import Patience
from dlscope.agents.scheduler import Assignment, Observer
from dlscope.agents.worker_process import WorkerProcess
from dlscope.core.hook_permission import HookPermission
from dlscope.core.run import Run


@final
class Bench:
    """A fresh worker for each measurement; plans that only count accuracy share one.

    Hooks that workers may run have `permission`, by default that of the environment. `stop`, from
    another thread, ends what is being carried out; one that `may_be_stopped` looks for that while
    it waits for the machine, too. What workers write lies in `folder`, by default that of
    temporary files.
    """

    def __init__(
        self,
        permission: HookPermission | None = None,
        folder: Path | None = None,
        *,
        may_be_stopped: bool = False,
    ) -> None:
        self._fresh = functools.partial(WorkerProcess, permission, folder)
        self._shared: WorkerProcess | None = None
        self._current: WorkerProcess | None = None
        self._stopped = threading.Event()
        self._is_unwanted = self._stopped.is_set if may_be_stopped else None
        self.was_killed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave_shared()

    def runs(self, assignment: Assignment, observer: Observer) -> Iterator[Run]:
        """The Run of one plan; none when it was stopped before it began.

        On Ctrl-C its Run is given as `aborted`, and KeyboardInterrupt follows. Afterwards
        `was_killed` tells whether somebody ended its worker from outside.
        """
        self._stopped.clear()
        self.was_killed = False
        try:
            if assignment.plan.scenario.mode == "accuracy":
                yield from self._carry_out(self._shared_worker(), assignment, observer)
            else:
                yield from self._measure(assignment, observer)
        except GivenUp:
            return
        finally:
            self._current = None
            if self._stopped.is_set():
                # Its worker has been told to stop, and would stop again at once.
                self._leave_shared()

    def stop(self) -> None:
        """Finish the current query and close the Run."""
        self._stopped.set()
        worker = self._current
        if worker is not None:
            worker.ask_to_stop()

    def _shared_worker(self) -> WorkerProcess:
        if self._shared is None or not self._shared.is_alive:
            self._leave_shared()
            self._shared = self._fresh()
        return self._shared

    def _leave_shared(self) -> None:
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.__exit__()

    def _measure(self, assignment: Assignment, observer: Observer) -> Iterator[Run]:
        def tell_waiting() -> None:
            observer(assignment.plan, {"step": WAITING})

        with device_lock(tell_waiting, self._is_unwanted), self._fresh() as worker:
            yield from self._carry_out(worker, assignment, observer)

    def _carry_out(
        self, worker: WorkerProcess, assignment: Assignment, observer: Observer
    ) -> Iterator[Run]:
        """The Run of one plan; after a prediction that hung it is taken up in a fresh worker."""
        patience = Patience(assignment)
        with contextlib.ExitStack() as stack:
            while not self._stopped.is_set():
                self._current = worker
                try:
                    run = worker.run(assignment, observer)
                except KeyboardInterrupt:
                    yield worker.stop(assignment, observer)
                    raise
                if not patience.goes_on_after(run, worker.ended):
                    self.was_killed = worker.was_killed
                    yield run
                    return
                worker = stack.enter_context(self._fresh())
