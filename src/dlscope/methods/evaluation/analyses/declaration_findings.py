"""What the table `declaration` shows: a wrong declaration with its cure, or a suspicion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dlscope.core.report import Finding, Sign
from dlscope.core.table import Cell, Table

BETTER, UNDECIDED, NO_BETTER = "fits better", "undecided", "fits no better"
"""The verdicts on a reading."""
LABELS = "labels"
"""The topic of shifted labels, which are counted and need no Run of their own."""
_SURE = 0.01
_WORTH_A_LOOK = 0.2
_WHEN_SUSPECT = "labels shifted, wrong output tensor or wrong input range"

Numbered = tuple[int, dict[str, Cell]]


def declaration_findings(table: Table) -> Iterator[Finding]:
    """For each model on each framework: what is declared wrongly, what is suspect, what may be."""
    for group in _grouped(table):
        yield from _told(table, group)


def _grouped(table: Table) -> Iterator[list[Numbered]]:
    def about(numbered: Numbered) -> tuple[Cell, ...]:
        row = numbered[1]
        return tuple(row[name] for name in ("model", "backend", "version", "dataset"))

    for _, group in groupby(enumerate(table), key=about):
        yield list(group)


def _told(table: Table, group: Sequence[Numbered]) -> Iterator[Finding]:
    (first, declared), *tried = group
    better = _best_first([each for each in tried if each[1]["verdict"] == BETTER])
    ahead = _best_first([each for each in tried if each[1]["verdict"] == UNDECIDED])
    if better:
        yield _cause(table, first, better)
    elif declared["reason"] is not None:
        yield _suspect(table, first, declared, tried)
    elif ahead and float(ahead[0][1]["p_value"] or 0) <= _WORTH_A_LOOK:
        yield _undecided(table, first, *ahead[0])


def _best_first(rows: Sequence[Numbered]) -> list[Numbered]:
    """Most right first, then most probable; of equals a mere shift of labels last."""

    def merit(numbered: Numbered) -> tuple[float, float, int]:
        index, row = numbered
        return -float(row["right"] or 0), -float(row["p_label"] or 0), index

    return sorted(rows, key=merit)


def _cause(table: Table, first: int, better: Sequence[Numbered]) -> Finding:
    (index, row), *others = better
    counts = _counts(row)
    if row["topic"] == LABELS:
        claim = f"The labels of {row['dataset']} and {row['model']} are shifted: {counts}"
        detail = f"they fit with {row['reading']}"
    else:
        claim = f"{row['model']} declares {row['declares']}, its answers fit {row['reading']}"
        claim += f": {counts}"
        gain = float(row["p_gain"] or 0)
        p_label = float(row["p_label"] or 0)
        detail = f"mean p(label) {p_label - gain:.2f} → {p_label:.2f}"
    detail += f", paired over items, p = {float(row['p_value'] or 0):.1g}"
    if others:
        detail += f"; next best: {others[0][1]['reading']}, {others[0][1]['right']} right"
    rows = (first, index, *(place for place, _ in others))
    # Three more right of twenty is a reason to look, seventeen more is none to doubt.
    sign: Sign = "bad" if float(row["p_value"] or 0) <= _SURE else "warn"
    return Finding(sign, claim, table.name, rows, detail, advice=str(row["cure"]))


def _suspect(
    table: Table, first: int, declared: Mapping[str, Cell], tried: Sequence[Numbered]
) -> Finding:
    readings = ", ".join(dict.fromkeys(str(row["topic"]) for _, row in tried))
    return Finding(
        "bad",
        f"{declared['model']} on {declared['backend']}: {_WHEN_SUSPECT}",
        table.name,
        (first, *(index for index, _ in tried)),
        f"{declared['reason']}; no other reading tried fits better ({readings})",
        advice="compare tensor names, steps and labels with the model's source",
    )


def _undecided(table: Table, first: int, index: int, row: Mapping[str, Cell]) -> Finding:
    return Finding(
        "note",
        f"{row['model']} declares {row['declares']}; {row['reading']} may fit better: "
        f"{_counts(row)}",
        table.name,
        (first, index),
        f"{row['n']} items cannot decide it, p = {float(row['p_value'] or 0):.2g}",
        advice=f"ask for more items, or {row['cure']}",
    )


def _counts(row: Mapping[str, Cell]) -> str:
    return f"{row['declared_right']} → {row['right']} of {row['n']} right"
