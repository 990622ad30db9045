"""The pre-processing study of models whose answers are not classes: what a change does to a value.

The value is the first metric of the task, such as the mean IoU of boxes.
"""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.report import Finding
from dlscope.core.run import Metric, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.direction import is_error
from dlscope.methods.evaluation.preprocessing_study import REFERENCE
from dlscope.metrics.agreement import agreement
from dlscope.metrics.measure import TASKS

VALUE_COLUMNS = (
    Column("change", "str", "the one thing that differs from the declared steps"),
    Column("n", "int", "items of the data set", role="count", priority=2),
    Column("metric", "str", "what is measured", priority=2),
    Column("value", "float", "the metric", None, "value", 1, "value_lo", "value_hi"),
    Column("value_lo", "float", "lower end of its interval", role="interval", priority=2),
    Column("value_hi", "float", "upper end of its interval", role="interval", priority=2),
    Column("lost", "float", "worse than with the declared steps, by this", role="value"),
    Column("max_abs_change", "float", "largest change of a raw output", role="share", priority=2),
    Column("run", "str", "id of the Run", role="id", priority=3),
    Column("reason", "str", "why there is no answer", priority=3),
)
_CLASSES = "top_1"


def headline(run: Run) -> str | None:
    """The first metric of the task of a Run, None where answers are classes."""
    task = run.plan.model.task
    first = TASKS[task].names[0] if task in TASKS else _CLASSES
    return None if first == _CLASSES else first


def value_table(runs: Mapping[str, Run], metric: str) -> Table:
    """What each change does to the metric; `runs` by name of the change, the reference first."""
    reference = runs[REFERENCE]
    return Table.of(
        "preprocessing_study",
        VALUE_COLUMNS,
        [_record(name, run, reference, metric) for name, run in runs.items()],
        title="Pre-processing, one change at a time",
        note=(
            f"{reference.plan.model.name} on {reference.plan.dataset.name} through "
            f"{reference.plan.framework.name}; intervals of 95 %."
        ),
    )


def value_answer(table: Table) -> str:
    """The value with the declared steps, and with the one change that costs most."""
    known = [each for each in table if each["value"] is not None]
    if not known and any(each["n"] for each in table):
        return (
            "The data set does not say what is right, so no change costs anything; max abs change "
            "tells how far it moves the outputs."
        )
    if not known or known[0]["change"] != REFERENCE:
        return "No variant gave answers; the column reason says why."
    worst = max(known, key=_lost)
    return (
        f"{known[0]['metric']} {_number(known[0]['value']):.3f} with the declared steps, "
        f"{_number(worst['value']):.3f} with one step wrong: {worst['change']}."
    )


def value_findings(table: Table) -> tuple[Finding, ...]:
    """The filters of the resize that cost something: nothing fails, and answers are worse."""
    found = []
    for index, row in enumerate(table):
        if row["change"] in _FILTERS and row["lost"] is not None and _lost(row) > 0:
            found.append(
                Finding(
                    "warn",
                    f"Resized by {row['change']}, {row['metric']} falls by {_lost(row):.3f}",
                    table.name,
                    (0, index),
                    "Only the filter of the resize differs.",
                    gain=-_lost(row),
                    gain_unit=str(row["metric"]),
                )
            )
    return tuple(found)


_FILTERS = ("nearest", "bilinear", "bicubic", "area")


def _record(name: str, run: Run, reference: Run, metric: str) -> Mapping[str, Cell]:
    if run.error is not None or not reference.items:
        reason = run.error["what"] if run.error is not None else "the reference has no answers"
        return {"change": name, "metric": metric, "run": run.id, "reason": reason}
    value, first = run.metric(metric), reference.metric(metric)
    return {
        "change": name,
        "n": len(run.items),
        "metric": metric,
        "value": value.value if value else None,
        "value_lo": value.lo if value else None,
        "value_hi": value.hi if value else None,
        "lost": _difference(first, value, metric),
        "max_abs_change": agreement(reference.items, run.items).max_abs_difference,
        "run": run.id,
    }


def _difference(first: Metric | None, value: Metric | None, metric: str) -> float | None:
    if first is None or value is None:
        return None
    return (first.value - value.value) * (-1 if is_error(metric) else 1)


def _lost(row: Mapping[str, Cell]) -> float:
    return _number(row["lost"] or 0.0)


def _number(cell: Cell) -> float:
    assert isinstance(cell, int | float)
    return float(cell)
