from __future__ import annotations

import pytest

from dlscope.core import registry
from dlscope.methods.evaluation.analyses.accuracy import Accuracy
from dlscope.methods.evaluation.analyses.latency import Latency
from dlscope.methods.evaluation.analyses.models import Models
from dlscope.methods.evaluation.report_columns import shown_tables
from dlscope.testing.analyses import example_run, example_runs, on_machine


def columns(analysis, *runs) -> list[str]:
    table = analysis.table(runs)
    (shown,) = shown_tables({table.name: table}).values()
    assert len(shown) == len(table)
    return [column.name for column in shown.columns]


def test_what_never_changes_is_not_drawn() -> None:
    one = columns(Latency(), example_run("r-1"))
    assert one[:3] == ["backend", "queries", "mean_ns"]
    assert {"model", "system", "scenario", "pipeline", "batch_size", "outcome"}.isdisjoint(one)
    swept = columns(Latency(), example_run("r-1"), example_run("r-2", batch_size=2))
    assert swept[:2] == ["backend", "batch_size"]
    machines = columns(Latency(), example_run("r-1"), on_machine(example_run("r-2"), "rack"))
    assert machines[:2] == ["backend", "system"]


def test_columns_without_a_value_are_not_drawn() -> None:
    assert "reason" not in columns(Latency(), example_run("r-1"))
    assert "reason" in columns(Latency(), example_run("r-1", is_disturbed=True))


def test_an_interval_comes_with_its_value() -> None:
    drawn = columns(Latency(), example_run("r-1"))
    at = drawn.index("mean_ns")
    assert drawn[at : at + 3] == ["mean_ns", "ci_lo_ns", "ci_hi_ns"]


def test_counts_stand_for_the_share_they_make() -> None:
    assert "accuracy" not in columns(Models(), example_run("r-1"))
    other = example_run("r-2", model="b", answers=(), mode="performance")
    assert "accuracy" in columns(Models(), example_run("r-1"), other)


def test_runs_of_the_same_result_are_counted_where_their_numbers_differ() -> None:
    same = (example_run("r-1"), example_run("r-2", batch_size=2))
    assert "runs" not in columns(Accuracy(), *same)


@pytest.mark.parametrize("name", registry.names("analyses"))
def test_every_column_that_is_drawn_exists(name: str) -> None:
    table = registry.load("analyses", name)().table(example_runs())
    assert set(shown_tables({name: table})) <= {name}


def test_tables_that_a_report_does_not_draw_are_left_out() -> None:
    table = registry.load("analyses", "scalability")().table(example_runs())
    assert shown_tables({"scalability": table}) == {}
