from __future__ import annotations

import itertools

from dlscope.core.analysis import Analysis
from dlscope.core.run import Environment, Run
from dlscope.core.table import Column, Table


class Ids(Analysis):
    name = "ids"
    doc = "Ids of the runs."

    def _table(self, runs):
        column = Column("run", "str", "Id of the run.")
        return Table("ids", (column,), tuple((run.id,) for run in runs))


def test_the_order_of_runs_does_not_count(make_plan) -> None:
    environment = Environment({}, "3.11", {}, {})
    plans = [make_plan(batch_size=2), make_plan(repeat=1), make_plan()]
    runs = [
        Run(f"r{i}", plan, environment, "finished", "2026-01-01T00:00:00Z")
        for i, plan in enumerate(plans)
    ]
    tables = {Ids().table(order) for order in itertools.permutations(runs)}
    assert [table.column("run") for table in tables] == [("r2", "r1", "r0")]


def test_an_analysis_may_have_no_findings() -> None:
    analysis = Ids()
    assert analysis.findings(analysis.table([])) == ()
