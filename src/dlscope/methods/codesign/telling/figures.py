"""The pictures of a search: fronts, trajectory, choices, predicted against measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import search_table
from dlscope.reporting.against_measured import against_measured
from dlscope.reporting.choice_map import choice_map
from dlscope.reporting.curves import curves
from dlscope.reporting.pareto_front import Rule, pareto_front

SUBJECT = "search"


class Cost(NamedTuple):
    """What a design costs: a column of the front, and how it is called."""

    column: str
    words: str


TIME, ENERGY = Cost("interval_ns", "time per result"), Cost("energy_j", "energy per result")


def front_figures(record: SearchRecord, rules: Sequence[Rule] = ()) -> Iterator[Figure]:
    """Errors of what has one, and the estimated loss of all, against the time per result.

    Against the energy, without rules for a time, where that is what was minimised.
    """
    pareto = record.table("pareto")
    is_energy = record.objective == "energy"
    x, rules = (ENERGY, ()) if is_energy else (TIME, rules)
    told = _with(pareto, "error")
    if len(told):
        yield _front(told, x, "error", f"Error against {x.words}", rules)
    if len(told) < len(pareto) and len(_with(pareto, "loss")):
        yield _front(_with(pareto, "loss"), x, "loss", "Estimated loss of all designs", rules)


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
    """θ block by block; φ of the operations that were chosen."""
    table = record.table("choices")
    if not len(table):
        return
    yield _map(table, "operation", "Probability of each operation")
    chosen = {row["block"]: row["operation"] for row in table if row["is_chosen"] is True}
    bits = [row for row in record.table("precisions") if row["operation"] == chosen[row["block"]]]
    if len({row["precision"] for row in bits}) > 1:
        yield _map(
            search_table("precisions", bits), "precision", "Bits of the operations that were chosen"
        )


def predicted_figures(record: SearchRecord) -> Iterator[Figure]:
    """Time per result as the device tells it against what was measured."""
    table = _with(record.table("predicted"), "measured_ns")
    if len(table):
        title = "Predicted against measured"
        yield against_measured(table, "predicted_ns", "measured_ns", title=title)


def _map(table: Table, choice: str, title: str) -> Figure:
    return choice_map(table, choice, "block", "probability", chosen="is_chosen", title=title)


def _front(table: Table, x: Cost, y: str, title: str, rules: Sequence[Rule]) -> Figure:
    return pareto_front(
        table,
        x.column,
        y,
        method="method",
        subject=SUBJECT,
        trained="is_trained",
        chosen="is_chosen",
        rules=rules,
        title=title,
        x_title=f"{x.words}, predicted",
    )


def _with(table: Table, column: str) -> Table:
    """The rows that have a value in `column`."""
    return search_table(table.name, (row for row in table if row[column] is not None))
