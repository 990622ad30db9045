"""The columns that say what a row of an evaluation is about."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.run import Run
from dlscope.core.table import Cell, Column

SUBJECT_COLUMNS = (
    Column("run", "str", "id of the Run", role="id", priority=3),
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("dataset", "str", "data set manifest", priority=3),
)


def subject(run: Run) -> Mapping[str, Cell]:
    """The cells of `SUBJECT_COLUMNS` for one Run."""
    plan = run.plan
    return {
        "run": run.id,
        "model": plan.model.name,
        "backend": plan.framework.label,
        "version": plan.framework.version,
        "dataset": plan.dataset.name,
    }
