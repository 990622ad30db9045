"""What is to be said of a search, each claim with the rows that show it."""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.report import Finding, Sign
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, format_percent
from dlscope.devices.prediction_error import PredictionError
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.reporting.words import plural

WIDE_GAP, POOR_PREDICTION, UNDECIDED = 0.1, 0.1, 0.5
_CERTAIN = 0.05
_UNDECIDED = (
    "no operation of theirs stood out (entropy above half of ln M), so theirs is the best that was "
    "found by estimated loss and exact time afterwards"
)
_LONGER = "a longer search (--budget or --epochs) decides more by training"


def search_findings(record: SearchRecord, requirements: Table) -> Iterator[Finding]:
    """Requirements first, then the search itself, the design, its baselines."""
    yield from _requirements(requirements)
    if not any(each.startswith("relaxation_gap") for each in record.warnings):
        yield from _gap(record.table("trajectory"))
    yield from _undecided(record.table("choices"))
    yield from _bottleneck(record.table("stages"))
    yield from _prediction(record.table("predicted"))
    yield from _baselines(record.table("baselines"))


def undecided_blocks(choices: Table) -> list[int]:
    """Blocks whose probabilities have an entropy above half of ln M."""
    found = {
        row["block"]: None
        for row in choices
        if isinstance(row["entropy"], float) and row["entropy"] > UNDECIDED
    }
    return [block for block in found if isinstance(block, int)]


def _requirements(table: Table) -> Iterator[Finding]:
    for place, row in enumerate(table):
        if not str(row["verdict"]).startswith("missed"):
            continue
        sign: Sign = "bad" if row["kind"] == "hard" else "warn"
        claim = f"{row['requirement']} {row['limit']}: {row['verdict']}"
        yield Finding(sign, claim, table.name, (place,), advice=str(row["change"] or ""))


def _gap(trajectory: Table) -> Iterator[Finding]:
    gaps = [(place, row["gap"]) for place, row in enumerate(trajectory) if _is_number(row["gap"])]
    if not gaps:
        return
    place, gap = gaps[-1]
    assert isinstance(gap, int | float)
    claim = f"expectation and discretised design are {format_percent(gap, 1)} apart at the end"
    if gap <= WIDE_GAP:
        yield Finding("good", claim, "trajectory", (place,))
        return
    detail = "relaxation gap: the last epochs steered by times that no design has"
    yield Finding("warn", claim, "trajectory", (place,), detail, advice=_LONGER)


def _undecided(choices: Table) -> Iterator[Finding]:
    blocks = undecided_blocks(choices)
    if blocks:
        rows = tuple(i for i, row in enumerate(choices) if row["block"] in blocks)
        listed = ", ".join(map(str, blocks))
        claim = f"{plural(len(blocks), 'block')} undecided at the last epoch: {listed}"
        yield Finding("note", claim, "choices", rows, _UNDECIDED, advice=_LONGER)


def _bottleneck(stages: Table) -> Iterator[Finding]:
    for place, row in enumerate(stages):
        if row["is_bottleneck"] is True:
            claim = f"stage {row['stage']} is the slowest: {row['block']}, {row['operation']}"
            yield Finding("note", claim, "stages", (place,), str(row["layer"]))


def _prediction(predicted: Table) -> Iterator[Finding]:
    pairs = [
        (float(row["predicted_ns"]), float(row["measured_ns"]))
        for row in predicted
        if isinstance(row["predicted_ns"], int | float)
        and isinstance(row["measured_ns"], int | float)
    ]
    if not pairs:
        return
    error = PredictionError.of(*map(list, zip(*pairs, strict=True)))
    is_poor = error.mape > POOR_PREDICTION
    claim = f"predictions are {format_percent(error.mape, 1)} off on average"
    detail = f"worst {format_percent(error.worst, 1)} of {plural(error.n, 'design')}"
    if error.spearman == error.spearman:
        detail += f"; rank correlation {error.spearman:.2f}"
    yield Finding("warn" if is_poor else "good", claim, "predicted", (), detail)


def _baselines(table: Table) -> Iterator[Finding]:
    for place, row in enumerate(table):
        lo, hi = row["difference_lo"], row["difference_hi"]
        if not (isinstance(lo, int | float) and isinstance(hi, int | float)):
            continue
        p_value = row["p_value"]
        is_certain = lo > 0 or hi < 0
        is_certain = is_certain or (isinstance(p_value, float) and p_value < _CERTAIN)
        claim = f"search against {row['method']}: {_said(row, is_certain=is_certain)}"
        interval = f"difference of hypervolume [{format_number(lo)}, {format_number(hi)}]"
        detail = f"{interval}, paired over {plural(_count(row['seeds']), 'seed')}"
        is_better = isinstance(row["difference"], int | float) and row["difference"] > 0
        sign: Sign = "note" if not is_certain else "good" if is_better else "bad"
        yield Finding(sign, claim, "baselines", (place,), detail)


def _said(row: dict[str, Cell], *, is_certain: bool) -> str:
    if not is_certain:
        return "not decided"
    difference = row["difference"]
    return "better" if isinstance(difference, int | float) and difference > 0 else "worse"


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and cell == cell


def _count(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0
