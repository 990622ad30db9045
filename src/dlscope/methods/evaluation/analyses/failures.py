"""`Failures`: every item that gave no prediction, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import Run
from dlscope.core.table import Column, Table
from dlscope.methods.evaluation.analyses.merged import merged
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("runs", "int", "Runs in which it is the same", role="count", priority=3),
    Column("item", "str", "id of the data set item", role="id"),
    Column("reason", "str", "why it has no prediction"),
)


@final
class Failures(Analysis):
    """One row for each failed item of each Run; a failed Run is a row without an item.

    Runs of one model, framework and data set in which the same fails share their rows.
    """

    name: ClassVar[str] = "failures"
    doc: ClassVar[str] = "Items without a prediction, and why."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [
            {**subject(same.run), "runs": same.runs, "item": item, "reason": reason}
            for same in merged((run, _failed(run)) for run in runs)
            for item, reason in same.told
        ]
        return Table.of("failures", _COLUMNS, records)


def _failed(run: Run) -> tuple[tuple[str | None, str], ...]:
    items = [(item.item, item.error) for item in run.items if item.error is not None]
    whole = [(None, run.error["what"])] if run.error is not None else []
    return (*items, *whole)
