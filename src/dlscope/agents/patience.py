"""`Patience`: how often a plan is taken up again after a prediction that hung."""

from __future__ import annotations

from typing import final

from dlscope.agents.guard import Ended
from dlscope.agents.scheduler import Assignment
from dlscope.core.run import Run

TIMEOUTS = "timeouts"
"""The file of a plan's partial results with one line for each prediction that hung."""
_FEWEST = 3
_SHARE = 0.01


@final
class Patience:
    """Counts the predictions of one plan that hung.

    A model that hangs at its first prediction will not do better in another process. Otherwise
    the plan goes on, up to three times or 1 % of its items, whichever is more.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._path = assignment.partial / TIMEOUTS
        self._most = max(_FEWEST, int(_SHARE * assignment.plan.items))
        self._hung = 0

    def goes_on_after(self, run: Run, ended: Ended | None) -> bool:
        """Whether the plan of the failed `run` is to be taken up again by a fresh worker."""
        if run.outcome != "timeout" or ended is None or ended.begun <= 1:
            return False
        self._hung += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{ended.begun}\n")
        return self._hung <= self._most
