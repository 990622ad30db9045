"""`Sweeps`: what a batch that ran out of memory says of larger ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import final

from dlscope.agents.worker_process import new_run_id
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.stacks.fingerprint import environment


@final
class Sweeps:
    """The smallest batch of each sweep that ran out of memory."""

    def __init__(self) -> None:
        self._too_large: dict[str, int] = {}

    def note(self, run: Run) -> None:
        """Remember how `run` ended."""
        if run.outcome == "oom":
            key, size = _sweep(run.plan), run.plan.batch_size
            self._too_large[key] = min(size, self._too_large.get(key, size))

    def implied(self, plan: Plan) -> Run | None:
        """The failed Run of a plan whose batch is larger than one that did not fit."""
        size = self._too_large.get(_sweep(plan))
        if size is None or plan.batch_size <= size:
            return None
        error = {
            "kind": "OutOfMemory",
            "what": f"not measured: batch {size} was already out of memory",
            "where": plan.label,
            "fix": "try a smaller batch, or raise memory_limit",
            "reason": "oom_implied",
        }
        return Run(
            id=new_run_id(),
            plan=plan,
            environment=environment(plan.framework.stack),
            status="failed",
            started_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
            error=error,
        )


def _sweep(plan: Plan) -> str:
    """What plans share that differ in nothing but their batch size and repeat."""
    scenario = plan.scenario.model_copy(update={"batch_size": (1,)})
    return plan.model_copy(update={"scenario": scenario, "batch_size": 1, "repeat": 0}).digest
