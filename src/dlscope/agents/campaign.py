"""`Campaign`: carries out plans once each; what is finished is read, not measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import final

from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.agents.sweeps import Sweeps
from dlscope.core.errors import StoreError
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.stacks.fingerprint import environment
from dlscope.store import Store
from dlscope.store.spool import Spool

Finished = Callable[[Plan, Run, bool], None]
"""Told each Run as it ends, and whether it was read from the store."""
Spooled = Callable[[Run, StoreError], None]
"""Told each Run that lies in the spool, and why the store would not take it."""


def _ignore(run: Run, refusal: StoreError) -> None:
    del run, refusal


@final
class Campaign:
    """Plans against a store: the same plan in the same environment is measured once."""

    def __init__(self, store: Store, scheduler: Scheduler, spool: Spool | None = None) -> None:
        self._store = store
        self._scheduler = scheduler
        self._spool = spool or Spool()

    def runs(
        self,
        plans: Sequence[Plan],
        *,
        observer: Observer,
        finished: Finished,
        spooled: Spooled = _ignore,
        rerun: bool = False,
        stops_at_failure: bool = False,
    ) -> tuple[Run, ...]:
        """The Run of each plan, in the order of `plans`; up to the first failed one if it stops.

        Every Run is in the store before the next begins, so that an interrupted campaign goes on
        where it broke; one that the store would not take is kept in the spool, and `spooled` told.
        `rerun` measures again what is finished; the new Run takes its place.
        """
        known = {} if rerun else self._known(plans, finished)
        pending = {plan.digest: plan for plan in plans if plan.digest not in known}
        sweeps = Sweeps()
        for run in self._measured(list(pending.values()), observer, sweeps):
            sweeps.note(run)
            refusal = self._spool.accept(self._store, run, replaces=rerun)
            if refusal is not None:
                spooled(run, refusal)
            known[run.plan.digest] = run
            finished(run.plan, run, False)
            if stops_at_failure and run.status == "failed":
                break
        return tuple(known[plan.digest] for plan in plans if plan.digest in known)

    def _known(self, plans: Sequence[Plan], finished: Finished) -> dict[str, Run]:
        known: dict[str, Run] = {}
        for plan in {plan.digest: plan for plan in plans}.values():
            fingerprints = self._scheduler.fingerprints(plan)
            found = (self._store.finished(plan.digest, each) for each in fingerprints)
            run_id = next((each for each in found if each is not None), None)
            if run_id is not None:
                known[plan.digest] = self._store.run(run_id)
                finished(plan, known[plan.digest], True)
        return known

    def _measured(self, plans: Sequence[Plan], observer: Observer, sweeps: Sweeps) -> Iterator[Run]:
        # Items answered in another environment must not be mixed with those of this one.
        assignments = [
            Assignment(
                plan,
                self._store.partial_folder(plan.digest)
                / environment(plan.framework.stack).fingerprint,
                instead=partial(sweeps.implied, plan),
            )
            for plan in plans
        ]
        return self._scheduler.execute(assignments, observer)
