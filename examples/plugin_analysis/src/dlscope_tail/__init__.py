"""How far the slow queries lie from the middle, one row for each measured Run."""

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.stats import percentile
from dlscope.core.table import Column, Table

_COLUMNS = (
    Column("run", "str", "id of the Run", role="id"),
    Column("backend", "str", "framework that ran it"),
    Column("tail", "float", "99th percentile of the latency divided by the 50th", role="value"),
)


class Tail(Analysis):
    """p99 / p50 of each Run that has latencies."""

    name, doc = "tail", "How far the slow queries lie from the middle."

    def _table(self, runs) -> Table:
        measured = [run for run in runs if run.samples.latency_ns.size]
        return Table.of(self.name, _COLUMNS, map(_record, measured))

    def _findings(self, table) -> tuple[Finding, ...]:
        slow = [i for i, row in enumerate(table) if row["tail"] > 2]
        claim = f"A long tail in {len(slow)} of {len(table)} runs"
        return (Finding("warn", claim, table.name, tuple(slow)),) if slow else ()


def _record(run):
    ordered = np.sort(run.samples.latency_ns)
    ratio = float(percentile(ordered, 0.99) / percentile(ordered, 0.50))
    return {"run": run.id, "backend": run.plan.framework.name, "tail": ratio}
