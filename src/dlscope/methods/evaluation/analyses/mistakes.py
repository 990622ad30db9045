"""`Mistakes`: items whose best class is wrong, the surest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import ItemResult, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.answers import label_name_of
from dlscope.methods.evaluation.analyses.merged import merged
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("runs", "int", "Runs that are wrong in the same way", role="count", priority=3),
    Column("item", "str", "id of the data set item", role="id"),
    Column("label", "int", "right class", role="count"),
    Column("label_name", "str", "its name, or its number where it has none"),
    Column("predicted", "int", "class answered", role="count"),
    Column("predicted_name", "str", "its name, or its number where it has none"),
    Column("p_predicted", "float", "probability given to the class answered", role="share"),
    Column("p_label", "float", "probability given to the right class", role="share"),
)


@final
class Mistakes(Analysis):
    """One row for each wrong answer of each classifying Run.

    Runs of one model, framework and data set with the same wrong answers share their rows.
    """

    name: ClassVar[str] = "mistakes"
    doc: ClassVar[str] = "Wrong answers, the surest first."

    def _table(self, runs: Sequence[Run]) -> Table:
        classifying = (run for run in runs if run.plan.model.task == "image_classification")
        records = [
            {**subject(same.run), "runs": same.runs, **record}
            for same in merged((run, _mistaken(run.items)) for run in classifying)
            for record in sorted(map(_record, _wrong(same.run.items)), key=_sureness)
        ]
        return Table.of("mistakes", _COLUMNS, records, title="Wrong answers")


def _mistaken(items: Sequence[ItemResult]) -> tuple[tuple[str, int], ...]:
    return tuple((item.item, _best(item)[0]) for item in _wrong(items))


def _wrong(items: Sequence[ItemResult]) -> Iterator[ItemResult]:
    for item in items:
        has_answer = item.prediction is not None and item.prediction["classes"]
        # What has no label cannot be wrong.
        if has_answer and item.target and _best(item)[0] != item.target["label"]:
            yield item


def _best(item: ItemResult) -> tuple[int, str | None, float]:
    """Index, name and probability of the class answered."""
    assert item.prediction is not None
    index, name, probability = item.prediction["classes"][0]
    return index, name, probability


def _record(item: ItemResult) -> Mapping[str, Cell]:
    index, name, probability = _best(item)
    return {
        "item": item.item,
        "label": item.target["label"],
        "label_name": label_name_of(item) or str(item.target["label"]),
        "predicted": index,
        "predicted_name": name or str(index),
        "p_predicted": probability,
        "p_label": (item.prediction or {}).get("p_label"),
    }


def _sureness(record: Mapping[str, Cell]) -> float:
    return -float(record["p_predicted"] or 0)
