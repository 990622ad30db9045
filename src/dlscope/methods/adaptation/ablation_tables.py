"""What an ablation found, as tables: rows and seeds, differences, and what selection gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.adaptation.paired import difference, difference_columns
from dlscope.methods.adaptation.recipes import RECIPES, WARM_START
from dlscope.methods.adaptation.selecting import told_of_selection

Result = dict[str, Any]
"""One network of an ablation: its row, seed and weights, its scores, and what it took."""

_ADDS_TO = {
    "adv_stuff": "adv",
    "adv_inst": "adv",
    "adv_stuff_inst": "adv",
    "sim_guarded": "adv_stuff_inst",
    "online_inst": "online",
}

ABLATION = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("seed", "int", "seed of the warm start and of the row", role="id"),
    Column("weights", "str", "last, or what they were selected by", role="id"),
    Column("miou_target", "float", "mean IoU of the target, 19 classes", "%", role="value"),
    Column("miou_stuff", "float", "mean over classes of stuff", "%", role="value"),
    Column("miou_things", "float", "mean over things", "%", role="value"),
    Column("miou_source", "float", "mean IoU of the source, 19 classes", "%", role="value"),
    Column("cpu_s", "float", "processor time of the stage", "s", role="value"),
    Column("wall_s", "float", "time that passed", "s", role="value", priority=3),
    Column("miou_16", "float", "mean over the 16 classes of SYNTHIA", "%", priority=3),
    Column("miou_13", "float", "mean over 13 classes of SYNTHIA", "%", priority=3),
    Column("kept", "float", "share of pixels with labels of their own", role="share", priority=3),
    Column("step", "int", "step of the stage that the weights are of", priority=3),
    Column("device", "str", "where the stage was trained", priority=3),
)
_DIFFERENCE = difference_columns(
    "difference", "mean IoU of the target more than there", seeds="seeds that both rows have"
)
PAIRED = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("against", "str", "the row that it is compared with", role="id"),
    *_DIFFERENCE,
    Column("gap_closed", "float", "share of the way from source to oracle", role="share"),
)
SELECTION = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("weights", "str", "what they were selected by", role="id"),
    Column("selected", "float", "mean IoU of the target with them, 19 classes", "%", role="value"),
    Column("last", "float", "mean IoU of the target with the last weights", "%", role="value"),
    *_DIFFERENCE,
)


def ablation_table(results: Iterable[Result]) -> Table:
    """A row for each recipe and seed, and for weights that were selected."""
    names = [column.name for column in ABLATION]
    rows = [{name: each.get(name) for name in names} for each in results]
    told = [{**each, "weights": told_of_selection(each["weights"] or "last")} for each in rows]
    return Table.of("ablation", ABLATION, told)


def last_weights(results: Iterable[Result]) -> list[Result]:
    """The results that no score selected, which are the headline."""
    return [each for each in results if _weights(each) == "last"]


def paired_table(results: Sequence[Result]) -> Table:
    """Each row against the source alone, and against the row that it adds something to."""
    return Table.of("paired", PAIRED, _paired(_by_row(last_weights(results))))


def selection_table(results: Sequence[Result]) -> Table:
    """What selected weights of a row have more than its last ones; empty where none were."""
    last = _by_row(last_weights(results))
    ways = dict.fromkeys(_weights(each) for each in results)
    return Table.of(
        "selection",
        SELECTION,
        [
            {
                "row": row,
                "weights": told_of_selection(by),
                "selected": float(np.mean(list(values.values()))),
                "last": float(np.mean([last[row][seed] for seed in values])),
                **_difference(values, last[row]),
            }
            for by in ways
            if by != "last"
            for row, values in _by_row(each for each in results if _weights(each) == by).items()
        ],
    )


def _weights(result: Result) -> str:
    """What the weights were selected by; those of an older file are the last ones."""
    return str(result.get("weights", "last"))


def _by_row(results: Iterable[Result]) -> dict[str, dict[int, float]]:
    """Mean IoU on the target by row and seed."""
    by_row: dict[str, dict[int, float]] = {}
    for each in results:
        by_row.setdefault(each["row"], {})[each["seed"]] = each["miou_target"]
    return by_row


def _difference(values: Mapping[int, float], others: Mapping[int, float]) -> dict[str, Cell]:
    """The columns of a difference; without any seed in common there are none."""
    found = difference(values, others)
    return {} if found is None else found.cells("difference")


def _paired(by_row: Mapping[str, Mapping[int, float]]) -> Iterable[Mapping[str, Cell]]:
    for row, values in by_row.items():
        for against in _compared_with(row):
            if found := _difference(values, by_row.get(against, {})):
                closed = _gap_closed(values, by_row) if against == "source" else None
                yield {"row": row, "against": against, **found, "gap_closed": closed}


def _compared_with(row: str) -> tuple[str, ...]:
    """The source, statistics or as many steps alone, and what the row adds to."""
    if row in (WARM_START, "source"):
        return ()
    before = _ADDS_TO.get(row, RECIPES[row].start)
    baselines = ("adabn", "source_long") if RECIPES[row].kind == "online" else ("adabn",)
    others = [each for each in (*baselines, before) if each not in (row, "source", WARM_START)]
    return ("source", *others)


def _gap_closed(
    values: Mapping[int, float], by_row: Mapping[str, Mapping[int, float]]
) -> float | None:
    """(row − source) / (oracle − source), of means over the seeds that all three have."""
    source, oracle = by_row.get("source", {}), by_row.get("oracle", {})
    seeds = values.keys() & source.keys() & oracle.keys()
    if not seeds:
        return None
    row, low, high = (float(np.mean([each[s] for s in seeds])) for each in (values, source, oracle))
    return (row - low) / (high - low) if high > low else None
