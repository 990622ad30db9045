from __future__ import annotations

from dlscope.core.table import Table
from dlscope.methods.codesign.bottom_up.swarm_figure import (
    SWARM_COLUMNS,
    swarm_figure,
    swarm_rows,
)
from dlscope.reporting.figures import svg


def test_the_best_is_within_the_spread_or_from_before_and_never_falls(found):
    swarm = found[0].swarm
    rows = list(swarm_rows(swarm))
    assert sum(row["particles"] for row in rows) == len(swarm.visits)
    for row in rows:
        assert row["worst"] <= row["middle"] <= row["best"] <= row["best_so_far"]
    for bundle in {row["bundle"] for row in rows}:
        best = [row["best_so_far"] for row in rows if row["bundle"] == bundle]
        assert best == sorted(best)
        assert best[-1] == max(v.fitness for v in swarm.visits if v.group == bundle)


def test_a_group_has_a_panel_and_an_iteration_a_mark(found):
    table = Table.of("swarm", SWARM_COLUMNS, swarm_rows(found[0].swarm))
    figure = swarm_figure(table)
    assert len(figure.spec["data"]["values"]) == len(table)
    groups = len(set(table.column("bundle")))
    assert figure.spec["usermeta"]["dlscope"]["panels"] == groups
    assert svg(figure, 640).startswith("<svg")
