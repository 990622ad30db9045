"""`Validity`: every condition of every Run, measured against required."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import Run
from dlscope.core.table import Column, Table
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("condition", "str", "what must hold for the Run to count"),
    Column("measured", "str", "what was found"),
    Column("required", "str", "what is asked"),
    Column("holds", "bool", "whether it does", role="verdict"),
    Column("advice", "str", "what to do where it does not", priority=3),
)


@final
class Validity(Analysis):
    """One row for each condition of each Run."""

    name: ClassVar[str] = "validity"
    doc: ClassVar[str] = "Whether the Runs count, condition by condition."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [
            {
                **subject(run),
                "condition": each.name,
                "measured": each.measured,
                "required": each.required,
                "holds": each.holds,
                "advice": each.advice,
            }
            for run in runs
            for each in run.conditions
        ]
        return Table.of("validity", _COLUMNS, records)
