"""What an ablation shows, as a report: tables, verdicts, and what cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlscope.core.report import (
    Figure,
    Finding,
    Picture,
    Prose,
    Report,
    Section,
    Sign,
    tables_of,
)
from dlscope.core.table import Cell, Table
from dlscope.methods.adaptation.ablation_tables import (
    Result,
    ablation_table,
    last_weights,
    paired_table,
    selection_table,
)
from dlscope.methods.adaptation.class_figure import gain_figure
from dlscope.methods.adaptation.class_gains import class_table, gain_table
from dlscope.methods.adaptation.recipes import WARM_START, told_of
from dlscope.methods.adaptation.unmatched import told_of_trainings
from dlscope.reporting.words import plural

_SIGNS: Mapping[str, Sign] = {"shown": "good", "reversed": "bad"}
NOT_ADAPTED = ("oracle", "source", "source_long", WARM_START)


def ablation_report(
    results: Sequence[Result],
    *,
    pictures: Sequence[Picture] = (),
    warnings: Sequence[str] = (),
    command: str = "",
) -> Report:
    """Tables `ablation`, `paired`, `iou_by_class`; a finding for each difference.

    With the source and a row that is adapted also `gain_by_class`, and a figure of it; where
    weights were selected, `selection`. All but that and `ablation` are of the last weights.
    """
    every, results = results, last_weights(results)
    paired, selection = paired_table(results), selection_table(every)
    selected = (selection,) if selection.rows else ()
    gains = _gains(results)
    tables = (
        ablation_table(every),
        paired,
        class_table(results),
        *selected,
        *tables_of(gains),
    )
    return Report(
        title="Adaptation of a segmentation network",
        answer=_answer(results),
        tables=tables,
        findings=(
            *(_finding(paired, number) for number in range(len(paired.rows))),
            *(_selection_finding(selection, number) for number in range(len(selection.rows))),
        ),
        sections=(
            Section("Rows and seeds", (tables[0],)),
            Section(
                "Differences, seed by seed",
                (
                    paired,
                    Prose(
                        "All rows of a seed start from the same network. Rows other than the "
                        "online ones see as many images of the source as the source alone does, "
                        "after the row that they start from. shown: the 95 % interval of "
                        "Student's t over seeds is above 0."
                    ),
                ),
            ),
            *((Section("Weights that were selected", selected),) if selected else ()),
            *((Section("What the networks see", tuple(pictures)),) if pictures else ()),
            *((Section("Before and after, by class", gains),) if gains else ()),
            Section("IoU by class", (tables[2],)),
        ),
        warnings=(*warnings, *_said(results), *told_of_trainings(results)),
        command=command,
    )


def best_adapted(results: Sequence[Result]) -> str | None:
    """The adapted row whose last weights are best on the target; None where nothing was adapted."""
    means = _means(last_weights(results))
    adapted = [row for row in means if row not in NOT_ADAPTED]
    return max(adapted, key=lambda row: means[row], default=None)


def _gains(results: Sequence[Result]) -> tuple[Figure | Table, ...]:
    """What the best row gains over the source in each class; nothing without both."""
    best = best_adapted(results)
    if best is None or all(each["row"] != "source" for each in results):
        return ()
    table = gain_table(results, best)
    return gain_figure(table, told_of(best)), table


def _means(results: Sequence[Result]) -> dict[str, float]:
    rows = dict.fromkeys(each["row"] for each in results)
    return {
        row: float(np.mean([each["miou_target"] for each in results if each["row"] == row]))
        for row in rows
    }


def _said(results: Sequence[Result]) -> tuple[str, ...]:
    """What was strange in the trainings; what is said of several seeds is said once."""
    seeds: dict[tuple[str, str], list[int]] = {}
    for each in results:
        for warning in each.get("warnings", ()):
            seeds.setdefault((each["row"], warning), []).append(each["seed"])
    return tuple(
        f"{row}, seed {', '.join(map(str, of))}: {warning}" for (row, warning), of in seeds.items()
    )


def _answer(results: Sequence[Result]) -> str:
    means = _means(results)
    adapted = {row: value for row, value in means.items() if row not in ("oracle", "warm_start")}
    best = max(adapted, key=lambda row: adapted[row])
    seeds = len({each["seed"] for each in results})
    told = f"The best mean IoU on the target, {adapted[best]:.1f} %, is that of {best} "
    told += f"({told_of(best)})"
    told += ", which sees no image of the target" if best in NOT_ADAPTED else ""
    if "source" in adapted and best != "source":
        told += f", against {adapted['source']:.1f} % of the source alone"
    if "oracle" in means:
        told += f" and {means['oracle']:.1f} % with labels of the target"
    return f"{told} (19 classes, {plural(seeds, 'seed')}, last weights)."


def _finding(paired: Table, number: int) -> Finding:
    row = list(paired)[number]
    told = f"{told_of(str(row['row']))} against {told_of(str(row['against']))}: {_points(row)}"
    return Finding(_SIGNS.get(str(row["verdict"]), "note"), told, "paired", (number,))


def _selection_finding(selection: Table, number: int) -> Finding:
    """Never a good sign: what was selected is no result of the method alone."""
    row = list(selection)[number]
    told = f"{told_of(str(row['row']))}, selected by {row['weights']}, against its last weights"
    return Finding("note", f"{told}: {_points(row)}", "selection", (number,))


def _points(row: Mapping[str, Cell]) -> str:
    lo, hi = row["lo"], row["hi"]
    interval = "" if lo is None or hi is None else f" [{float(lo):+.1f}, {float(hi):+.1f}]"
    return f"{float(row['difference'] or 0):+.1f} points{interval}, {row['verdict']}"
