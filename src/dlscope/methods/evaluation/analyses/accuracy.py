"""`Accuracy`: how many answers were right, each count with its interval."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.merged import Merged, merged
from dlscope.methods.evaluation.analyses.point import failure
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("runs", "int", "Runs with this same result", role="count", priority=3),
    Column("n", "int", "items of the data set; failed ones count as wrong", role="count"),
    Column("failed", "int", "items without a prediction", role="count", priority=2),
    Column("metric", "str", "headline metric of the task"),
    Column("value", "float", "the metric", role="value", lo="lo", hi="hi"),
    Column("lo", "float", "lower end of the 95 % interval", role="interval", priority=2),
    Column("hi", "float", "upper end of the 95 % interval", role="interval", priority=2),
    Column("top_1", "float", "share of items whose best answer is right", "share", priority=3),
    Column("top_1_count", "int", "items whose best answer is right", role="count", priority=3),
    Column("top_5", "float", "share of items right among five answers", "share", priority=3),
    Column("top_5_count", "int", "items right among five answers", role="count", priority=3),
    Column("mean_p_label", "float", "mean probability given to the right class", priority=3),
    Column("reason", "str", "why there is no answer", priority=3),
)


@final
class Accuracy(Analysis):
    """One row per Run that answered a data set, or failed before it could.

    Runs of one model, framework and data set with equal results, to six decimals, share a row.
    """

    name: ClassVar[str] = "accuracy"
    doc: ClassVar[str] = "How many answers were right."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of(
            "accuracy",
            _COLUMNS,
            map(_record, merged((run, _result(run)) for run in runs if _was_asked(run))),
            note="Failed items count as wrong. Proportions have Wilson intervals.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return (*_failures(table), *_separation(table))


def _was_asked(run: Run) -> bool:
    """Whether `run` has answers, or would have them had it not failed."""
    is_accuracy = run.plan.scenario.mode in ("accuracy", "submission")
    return bool(run.items or run.metrics) or (is_accuracy and run.error is not None)


def _result(run: Run) -> Hashable:
    """What of a Run is told, with numbers as far as they repeat."""
    failed = sum(item.error is not None for item in run.items)
    metrics = tuple((each.name, round(each.value, 6), each.n) for each in run.metrics)
    return len(run.items), failed, metrics, _reason(run)


def _reason(run: Run) -> str | None:
    if run.metrics or any(item.target for item in run.items):
        return None
    return f"data set {run.plan.dataset.name} has no right answers" if run.items else failure(run)


def _record(same: Merged[Hashable]) -> Mapping[str, Cell]:
    run = same.run
    headline = run.metrics[0] if run.metrics else None
    top_1, top_5 = run.metric("top_1"), run.metric("top_5")
    mean_p = run.metric("mean_p_label")
    return {
        **subject(run),
        "runs": same.runs,
        "n": len(run.items),
        "failed": sum(item.error is not None for item in run.items),
        "metric": headline.name if headline else None,
        "value": headline.value if headline else None,
        "lo": headline.lo if headline else None,
        "hi": headline.hi if headline else None,
        "top_1": top_1.value if top_1 else None,
        "top_1_count": top_1.count if top_1 else None,
        "top_5": top_5.value if top_5 else None,
        "top_5_count": top_5.count if top_5 else None,
        "mean_p_label": mean_p.value if mean_p else None,
        "reason": _reason(run),
    }


def _failures(table: Table) -> Iterator[Finding]:
    for index, row in enumerate(table):
        if row["failed"]:
            yield Finding(
                "warn",
                f"{row['failed']} of {row['n']} items gave no prediction on {row['backend']}",
                table.name,
                (index,),
                detail="they count as wrong; the table failures names each with its reason",
            )


def _separation(table: Table) -> Iterator[Finding]:
    """Whether the intervals leave room to rank the rows of one data set by accuracy."""
    groups: dict[tuple[Cell, Cell], list[int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if row["metric"] == "top_1" and row["lo"] is not None:
            groups.setdefault((row["dataset"], row["n"]), []).append(index)
    for (_, n), indices in groups.items():
        members = [rows[index] for index in indices]
        if len({(row["model"], row["backend"]) for row in members}) < 2:
            continue
        los, his = ([float(row[end] or 0) for row in members] for end in ("lo", "hi"))
        if max(los) > min(his):
            continue
        half = max(hi - lo for lo, hi in zip(los, his, strict=True)) / 2
        yield Finding(
            "note",
            f"Accuracy does not separate them: n = {n}",
            table.name,
            tuple(indices),
            detail=f"intervals overlap; no claim is possible below ± {half * 100:.0f} points",
        )
