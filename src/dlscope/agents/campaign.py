"""`Campaign`: carries out plans once each; what is finished is read, not measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import final

from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.stacks.fingerprint import environment
from dlscope.store import Store

Finished = Callable[[Plan, Run, bool], None]
"""Told each Run as it ends, and whether it was read from the store."""


@final
class Campaign:
    """Plans against a store: the same plan in the same environment is measured once."""

    def __init__(self, store: Store, scheduler: Scheduler) -> None:
        self._store = store
        self._scheduler = scheduler

    def runs(
        self,
        plans: Sequence[Plan],
        *,
        observer: Observer,
        finished: Finished,
        rerun: bool = False,
    ) -> tuple[Run, ...]:
        """The Run of each plan, in the order of `plans`.

        Every Run is in the store before the next begins, so that an interrupted campaign goes on
        where it broke. `rerun` measures again what is finished; the new Run takes its place.
        """
        known = {} if rerun else self._known(plans, finished)
        pending = {plan.digest: plan for plan in plans if plan.digest not in known}
        for run in self._measured(list(pending.values()), observer):
            self._store.accept(run, replaces=rerun)
            known[run.plan.digest] = run
            finished(run.plan, run, False)
        return tuple(known[plan.digest] for plan in plans)

    def _known(self, plans: Sequence[Plan], finished: Finished) -> dict[str, Run]:
        fingerprint = environment().fingerprint
        known: dict[str, Run] = {}
        for plan in {plan.digest: plan for plan in plans}.values():
            run_id = self._store.finished(plan.digest, fingerprint)
            if run_id is not None:
                known[plan.digest] = self._store.run(run_id)
                finished(plan, known[plan.digest], True)
        return known

    def _measured(self, plans: Sequence[Plan], observer: Observer) -> Iterator[Run]:
        # Items answered in another environment must not be mixed with those of this one.
        fingerprint = environment().fingerprint
        assignments = [
            Assignment(plan, self._store.partial_folder(plan.digest) / fingerprint)
            for plan in plans
        ]
        return self._scheduler.execute(assignments, observer)
