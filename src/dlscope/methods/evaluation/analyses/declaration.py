"""`Declaration`: whether the answers of a model would fit better, were its declaration another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, final

import numpy as np

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import ItemResult, Run
from dlscope.core.stats import sign_flip_test, sign_test
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import MINUS
from dlscope.methods.evaluation.analyses.answers import (
    answer_of,
    is_right,
    label_of,
    p_label_of,
    paired,
)
from dlscope.methods.evaluation.analyses.declaration_findings import (
    BETTER,
    LABELS,
    NO_BETTER,
    UNDECIDED,
    declaration_findings,
)
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject
from dlscope.methods.evaluation.analyses.suspicion import suspicions
from dlscope.methods.evaluation.variants import Variant, as_declared

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("topic", "str", "colour order, input range or labels; none as declared", priority=2),
    Column("declares", "str", "what the manifest says", priority=2),
    Column("reading", "str", "what was tried instead"),
    Column("n", "int", "labelled items answered both ways", role="count"),
    Column("declared_right", "int", "of them right as declared", role="count"),
    Column("right", "int", "of them right with this reading", role="count"),
    Column("p_label", "float", "mean probability given to the right class", role="value"),
    Column("p_gain", "float", "its gain over the declaration", role="value", priority=2),
    Column("p_value", "float", "two-sided, paired over items; the smaller of two tests"),
    Column("verdict", "str", "fits better, undecided or fits no better", role="verdict"),
    Column("cure", "str", "what to change in the manifest", priority=3),
    Column("reason", "str", "why the answers are suspect, or why there are none", priority=3),
)
_SHIFTS = (-2, -1, 1, 2)
_LEVEL = 0.05
_CLEAR_GAIN = 0.05
_DECLARED = "as declared"
_TASKS = ("image_classification", "file_type")


@final
class Declaration(Analysis):
    """For each model on each framework: the answers as declared, then under other readings.

    Shifts of the labels are counted in the stored answers; other colour orders and input ranges
    are Runs of their own, marked as variants. A reading fits better when it has more items right
    by the sign test, or loses none on balance and gives the right class at least 0.05 more
    probability by the sign-flip test; both at 5 % divided by the readings tried of one topic.
    """

    name: ClassVar[str] = "declaration"
    doc: ClassVar[str] = "Whether another declaration would fit the answers better."

    def _table(self, runs: Sequence[Run]) -> Table:
        suspect = suspicions(runs)
        groups = groupby(sorted(runs, key=_subject), key=_subject)
        records = [record for _, group in groups for record in _records(list(group), suspect)]
        return Table.of(
            "declaration",
            _COLUMNS,
            records,
            title="Other readings of the declaration",
            note="Paired over the same items; 5 % is shared among the readings of one topic.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(declaration_findings(table))


def _subject(run: Run) -> tuple[str, ...]:
    plan = run.plan
    return (
        plan.model.identity,
        plan.framework.name,
        plan.framework.version,
        plan.dataset.name,
    )


def _records(runs: Sequence[Run], suspect: Mapping[str, str]) -> Iterator[dict[str, Cell]]:
    labelled = [run for run in as_declared(runs) if run.plan.model.task in _TASKS and run.items]
    if not labelled:
        return
    # A suspect Run is the one whose declaration is in question.
    base = min(labelled, key=lambda run: (run.id not in suspect, -len(run.items), run.id))
    variants = [(run, variant) for run in runs if (variant := Variant.of(run)) is not None]
    yield {**_as_declared(base), "reason": suspect.get(base.id)}
    for shift in _SHIFTS:
        yield _shifted(base, shift, len(_SHIFTS))
    for run, variant in sorted(variants, key=lambda each: (each[1].topic, each[1].tried)):
        yield _variant(base, run, variant, sum(v.topic == variant.topic for _, v in variants))


def _as_declared(run: Run) -> dict[str, Cell]:
    items = [item for item in run.items if label_of(item) is not None]
    right = sum(map(is_right, items))
    return {
        **subject(run),
        "reading": _DECLARED,
        "n": len(items),
        "declared_right": right,
        "right": right,
        "p_label": float(np.mean([p_label_of(item) for item in items])) if items else None,
    }


@dataclass(frozen=True)
class _Compared:
    """Right or not, as declared and under a reading, item by item."""

    before: Sequence[bool]
    after: Sequence[bool]

    @property
    def lost(self) -> int:
        return sum(a and not b for a, b in zip(self.before, self.after, strict=True))

    @property
    def won(self) -> int:
        return sum(b and not a for a, b in zip(self.before, self.after, strict=True))

    @property
    def p_value(self) -> float:
        return sign_test(self.lost, self.won)

    def counts(self) -> dict[str, Cell]:
        return {
            "n": len(self.before),
            "declared_right": sum(self.before),
            "right": sum(self.after),
        }


def _shifted(run: Run, shift: int, tried: int) -> dict[str, Cell]:
    """The row of: the label of each item is the class answered plus `shift`."""
    items = [item for item in run.items if label_of(item) is not None]
    compared = _Compared([is_right(i) for i in items], [_fits(i, shift) for i in items])
    verdict = _verdict(compared.won > compared.lost, compared.p_value, tried)
    return {
        **subject(run),
        "topic": LABELS,
        "declares": "label = class answered",
        "reading": f"label = class answered {_signed(shift)}",
        **compared.counts(),
        "p_value": compared.p_value,
        "verdict": verdict,
        "cure": None if verdict == NO_BETTER else _label_cure(run, shift),
    }


def _signed(shift: int) -> str:
    return f"{'+' if shift > 0 else MINUS} {abs(shift)}"


def _fits(item: ItemResult, shift: int) -> bool:
    answer = answer_of(item)
    return answer is not None and answer + shift == label_of(item)


def _label_cure(run: Run, shift: int) -> str:
    outputs = run.plan.model.outputs
    index = outputs.index(run.plan.model.prediction)
    steps = outputs[index].postprocess
    dropped = next((step.parameters for step in steps if step.name == "drop_class"), None)
    place = f"outputs[{index}].postprocess"
    if shift == -1 and dropped is None:
        return f"add drop_class: {{index: 0}} to {place}, or count the labels from 1"
    if shift == -1 and dropped is not None and dropped.get("index", 0) != 0:
        return f"set drop_class: {{index: 0}} in {place}, class {dropped['index']} is no background"
    if shift == 1 and dropped is not None:
        return f"drop drop_class from {place}"
    return f"number the classes of {run.plan.dataset.name} as the model does, now {_signed(shift)}"


def _variant(base: Run, run: Run, variant: Variant, tried: int) -> dict[str, Cell]:
    record: dict[str, Cell] = {
        **subject(run),
        "topic": variant.topic,
        "declares": variant.declares,
        "reading": variant.tried,
    }
    pairs = list(paired(base.items, run.items))
    if not pairs:
        error = run.error["what"] if run.error is not None else "no items in common"
        return {**record, "reason": error}
    compared = _Compared([is_right(a) for a, _ in pairs], [is_right(b) for _, b in pairs])
    gains = np.array([p_label_of(b) - p_label_of(a) for a, b in pairs])
    by_p = sign_flip_test(gains) if compared.won >= compared.lost else 1.0
    by_p = by_p if gains.mean() >= _CLEAR_GAIN else 1.0
    by_right = compared.p_value if compared.won > compared.lost else 1.0
    p_value = min(by_right, by_p)
    verdict = _verdict(compared.won > compared.lost or by_p < 1, p_value, tried)
    return {
        **record,
        **compared.counts(),
        "p_label": float(np.mean([p_label_of(b) for _, b in pairs])),
        "p_gain": float(gains.mean()),
        "p_value": p_value,
        "verdict": verdict,
        "cure": None if verdict == NO_BETTER else variant.cure,
    }


def _verdict(is_ahead: bool, p_value: float, tried: int) -> str:
    if not is_ahead:
        return NO_BETTER
    return BETTER if p_value <= _LEVEL / tried else UNDECIDED
