"""What an ablation shows, as a report: tables, verdicts, and what cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlscope.core.report import Finding, Picture, Prose, Report, Section, Sign
from dlscope.core.table import Cell, Table
from dlscope.methods.adaptation.ablation import (
    Result,
    ablation_table,
    class_table,
    paired_table,
)
from dlscope.methods.adaptation.recipes import told_of

_SIGNS: Mapping[str, Sign] = {"shown": "good", "reversed": "bad"}


def ablation_report(
    results: Sequence[Result],
    *,
    pictures: Sequence[Picture] = (),
    warnings: Sequence[str] = (),
    command: str = "",
) -> Report:
    """Tables `ablation`, `paired`, `iou_by_class` of `results`; a finding for each difference."""
    paired = paired_table(results)
    tables = (ablation_table(results), paired, class_table(results))
    return Report(
        title="Adaptation of a segmentation network",
        answer=_answer(results),
        tables=tables,
        findings=tuple(_finding(paired, number) for number in range(len(paired.rows))),
        sections=(
            Section("Rows and seeds", (tables[0],)),
            Section(
                "Differences, seed by seed",
                (
                    paired,
                    Prose(
                        "All rows of a seed start from the same network and see as many images of "
                        "the source. shown: the 95 % interval of Student's t over seeds is above 0."
                    ),
                ),
            ),
            Section("IoU by class", (tables[2],)),
            *((Section("What the networks see", tuple(pictures)),) if pictures else ()),
        ),
        warnings=tuple(warnings),
        command=command,
    )


def _answer(results: Sequence[Result]) -> str:
    means = {
        row: float(np.mean([each["miou_target"] for each in results if each["row"] == row]))
        for row in dict.fromkeys(each["row"] for each in results)
    }
    adapted = {row: value for row, value in means.items() if row not in ("oracle", "warm_start")}
    best = max(adapted, key=lambda row: adapted[row])
    seeds = len({each["seed"] for each in results})
    told = f"{told_of(best)} has the best mean IoU on the target, {adapted[best]:.1f} %"
    if "source" in adapted and best != "source":
        told += f", against {adapted['source']:.1f} % of the source alone"
    if "oracle" in means:
        told += f" and {means['oracle']:.1f} % with labels of the target"
    return f"{told} (19 classes, {seeds} seeds, last weights)."


def _finding(paired: Table, number: int) -> Finding:
    row: Mapping[str, Cell] = dict(
        zip((c.name for c in paired.columns), paired.rows[number], strict=True)
    )
    verdict = str(row["verdict"])
    lo, hi = row["lo"], row["hi"]
    interval = "" if lo is None or hi is None else f" [{float(lo):+.1f}, {float(hi):+.1f}]"
    return Finding(
        _SIGNS.get(verdict, "note"),
        f"{told_of(str(row['row']))} against {told_of(str(row['against']))}: "
        f"{float(row['difference'] or 0):+.1f} points{interval}, {verdict}",
        "paired",
        (number,),
    )
