"""`Mistakes`: items whose best class is wrong, the surest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import ItemResult, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("item", "str", "id of the data set item", role="id"),
    Column("label", "int", "right class", role="count"),
    Column("predicted", "int", "class answered", role="count"),
    Column("predicted_name", "str", "its name"),
    Column("p_predicted", "float", "probability given to the class answered", role="share"),
    Column("p_label", "float", "probability given to the right class", role="share"),
)


@final
class Mistakes(Analysis):
    """One row for each wrong answer of each classifying Run."""

    name: ClassVar[str] = "mistakes"
    doc: ClassVar[str] = "Wrong answers, the surest first."

    def _table(self, runs: Sequence[Run]) -> Table:
        records = [
            {**subject(run), **record}
            for run in runs
            if run.plan.model.task == "image_classification"
            for record in sorted(_wrong(run.items), key=_sureness)
        ]
        return Table.of("mistakes", _COLUMNS, records, title="Wrong answers")


def _sureness(record: Mapping[str, Cell]) -> float:
    return -float(record["p_predicted"] or 0)


def _wrong(items: Sequence[ItemResult]) -> Iterator[Mapping[str, Cell]]:
    for item in items:
        if item.prediction is None or not item.prediction["classes"]:
            continue
        index, name, probability = item.prediction["classes"][0]
        if index != item.target["label"]:
            yield {
                "item": item.item,
                "label": item.target["label"],
                "predicted": index,
                "predicted_name": name,
                "p_predicted": probability,
                "p_label": item.prediction.get("p_label"),
            }
