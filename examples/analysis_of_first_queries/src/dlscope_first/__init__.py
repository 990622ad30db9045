"""How much longer the first query of a Run takes than the others, one row for each Run."""

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.table import Column, Table

_COLUMNS = (
    Column("run", "str", "id of the Run", role="id"),
    Column("first_over_median", "float", "first latency over the median of the others"),
)


class FirstQuery(Analysis):
    """The first latency over the median of the others."""

    name, doc = "first_query", "Whether the first query is slower than the others."

    def _table(self, runs) -> Table:
        enough = [run for run in runs if len(run.samples.latency_ns) > 1]
        return Table.of(self.name, _COLUMNS, map(_record, enough))

    def _findings(self, table) -> tuple[Finding, ...]:
        cold = tuple(i for i, row in enumerate(table) if row["first_over_median"] > 2)
        claim = f"{len(cold)} of {len(table)} runs begin cold"
        return (Finding("warn", claim, table.name, cold, advice="warm up longer"),) if cold else ()


def _record(run):
    first, *others = run.samples.latency_ns
    return {"run": run.id, "first_over_median": float(first / np.median(others))}
