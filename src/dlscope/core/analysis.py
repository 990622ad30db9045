"""`Analysis`: from stored Runs to one Table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, final

from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Table


class Analysis(ABC):
    """A pure function from Runs to a Table whose columns do not depend on the Runs."""

    name: ClassVar[str]
    doc: ClassVar[str]

    @final
    def table(self, runs: Sequence[Run]) -> Table:
        """The table over `runs`, which are taken in the order of their plans, then their ids."""
        return self._table(sorted(runs, key=_order))

    @final
    def findings(self, table: Table) -> tuple[Finding, ...]:
        """What `table` shows; every finding names rows of it."""
        return self._findings(table)

    @abstractmethod
    def _table(self, runs: Sequence[Run]) -> Table: ...

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        del table
        return ()


def _order(run: Run) -> tuple[str, str, str, int, int, str]:
    plan = run.plan
    framework = f"{plan.framework.name}@{plan.framework.version}"
    return (plan.model.name, plan.dataset.name, framework, plan.batch_size, plan.repeat, run.id)
