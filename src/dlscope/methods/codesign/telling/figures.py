"""The pictures of a search: fronts, trajectory, choices, predicted against measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import search_table
from dlscope.reporting.against_measured import against_measured
from dlscope.reporting.choice_map import choice_map
from dlscope.reporting.curves import curves
from dlscope.reporting.pareto_front import Rule, pareto_front

SUBJECT = "search"


def front_figures(record: SearchRecord, rules: Sequence[Rule] = ()) -> Iterator[Figure]:
    """Errors of what has one, and the estimated loss of all, against the time per result."""
    pareto = record.table("pareto")
    told = _with(pareto, "error")
    if len(told):
        yield _front(told, "error", "Error against time per result", rules)
    if len(told) < len(pareto) and len(_with(pareto, "loss")):
        yield _front(_with(pareto, "loss"), "loss", "Estimated loss of all designs", rules)


def trajectory_figures(record: SearchRecord) -> Iterator[Figure]:
    """Time per result as expected and as it stands, and the loss on validation data."""
    table = record.table("trajectory")
    times = (("expected_ns", "expected"), ("discrete_ns", "discretised"))
    known = [each for each in times if len(_with(table, each[0]))]
    if known:
        title = "Time per result"
        yield curves(table, "epoch", known, title=title, unit_title="time per result")
    if len(_with(table, "loss")):
        title = "Cross-entropy on validation data"
        yield curves(table, "epoch", [("loss", "loss")], title=title, unit_title="cross-entropy")


def choice_figures(record: SearchRecord) -> Iterator[Figure]:
    """θ block by block."""
    table = record.table("choices")
    if len(table):
        yield choice_map(
            table,
            "operation",
            "block",
            "probability",
            chosen="is_chosen",
            title="Probability of each operation",
        )


def predicted_figures(record: SearchRecord) -> Iterator[Figure]:
    """Time per result as the device tells it against what was measured."""
    table = _with(record.table("predicted"), "measured_ns")
    if len(table):
        title = "Predicted against measured"
        yield against_measured(table, "predicted_ns", "measured_ns", title=title)


def _front(table: Table, y: str, title: str, rules: Sequence[Rule]) -> Figure:
    return pareto_front(
        table,
        "interval_ns",
        y,
        method="method",
        subject=SUBJECT,
        trained="is_trained",
        chosen="is_chosen",
        rules=rules,
        title=title,
        x_title="time per result, predicted",
    )


def _with(table: Table, column: str) -> Table:
    """The rows that have a value in `column`."""
    return search_table(table.name, (row for row in table if row[column] is not None))
