"""`Failures`: every item that gave no prediction, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import Run
from dlscope.core.table import Column, Table
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("item", "str", "id of the data set item", role="id"),
    Column("reason", "str", "why it has no prediction"),
)


@final
class Failures(Analysis):
    """One row for each failed item of each Run; a failed Run is a row without an item."""

    name: ClassVar[str] = "failures"
    doc: ClassVar[str] = "Items without a prediction, and why."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [
            {**subject(run), "item": item, "reason": reason}
            for run in runs
            for item, reason in _failed(run)
        ]
        return Table.of("failures", _COLUMNS, records)


def _failed(run: Run) -> list[tuple[str | None, str]]:
    failed: list[tuple[str | None, str]] = [
        (item.item, item.error) for item in run.items if item.error is not None
    ]
    if run.error is not None:
        failed.append((None, run.error["what"]))
    return failed
