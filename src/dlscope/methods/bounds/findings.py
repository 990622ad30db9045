"""What an analysis of bounds claims, each claim with the rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Finding, Sign
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number
from dlscope.methods.bounds.model_analysis import ModelAnalysis

_FASTER = 0.97
"""Measured ÷ S_f below which a setup is faster than its bound, and not by noise."""
_UNBOUNDED = ("precision=", "threads=")
_SINGLE_PCT = 10.0
_WITHIN = 0.25
"""How far a prediction may be from what was achieved."""
_MOST = 5
_SIGN_ORDER = ("bad", "warn", "good", "note")
Row = Mapping[str, Cell]


def findings_of(
    analyses: Sequence[ModelAnalysis], tables: Mapping[str, Table]
) -> tuple[Finding, ...]:
    """All findings, what is wrong first."""
    found = [
        *_missing(tables["missing"]),
        *_faster(analyses, tables["bounds"]),
        *_slower(tables["slower_than_bound"]),
        *_planned(tables["plan"]),
        *_verified(tables["advice"]),
        *_single(tables["single_source"]),
    ]
    return tuple(sorted(found, key=lambda each: _SIGN_ORDER.index(each.sign)))


def _missing(table: Table) -> Iterator[Finding]:
    models = dict.fromkeys(table.column("model"))
    for model in models:
        rows = tuple(place for place, row in enumerate(table) if row["model"] == model)
        kinds = ", ".join(sorted({str(row["type"]) for row in table if row["model"] == model}))
        claim = f"{model} has no bounds: {len(rows)} layers have no measurement ({kinds})"
        yield Finding("bad", claim, "missing", rows)


def _faster(analyses: Sequence[ModelAnalysis], table: Table) -> Iterator[Finding]:
    """A bound that is none is told, never clipped: what it lacks is worth knowing."""
    by_name = {each.name: each for each in analyses}
    for place, row in enumerate(table):
        ratio, setup = row["measured_over_fused"], str(row["backend"])
        # A shorter type than the bound's is not bounded by it, nor are more threads.
        if ratio is None or float(ratio) >= _FASTER or any(each in setup for each in _UNBOUNDED):
            continue
        claim = (
            f"{row['backend']} runs {row['model']} faster than its fused bound: "
            f"{format_number(float(ratio))}×"
        )
        yield Finding("warn", claim, "bounds", (place,), _causes(by_name[str(row["model"])]))


def _causes(analysis: ModelAnalysis) -> str:
    """Why a bound may be too high, the operators that rest on one implementation by name."""
    alone = [
        f"{each.op_type} ({100 * each.share:.0f} %)" for each in analysis.bounds.single_sources
    ]
    said = ["fusion across layers that is not registered", "layers that are left out"]
    if alone:
        said.insert(0, f"one slow implementation of {', '.join(alone[:_MOST])}")
    return f"likely causes: {'; '.join(said)}"


def _slower(table: Table) -> Iterator[Finding]:
    """The layers that lose the most, by name, those of one operator together."""
    groups: dict[tuple[str, str], list[int]] = {}
    rows = list(table)
    for place, row in enumerate(rows):
        groups.setdefault((str(row["model"]), str(row["type"])), []).append(place)
    for (model, operator), places in list(groups.items())[:_MOST]:
        mine = [rows[place] for place in places]
        lost = sum(_number(row, "used_ns") - _number(row, "bound_ns") for row in mine)
        ratio = sum(_number(row, "used_ns") for row in mine) / max(
            1.0, sum(_number(row, "bound_ns") for row in mine)
        )
        first = mine[0]
        claim = (
            f"{operator} of {model} takes {format_number(ratio)} times as long by "
            f"{first['used']} as by {first['fastest']}"
        )
        names = ", ".join(str(row["layer"]) for row in mine[:_MOST])
        more = f" and {len(mine) - _MOST} more" if len(mine) > _MOST else ""
        yield Finding(
            *("warn", claim, "slower_than_bound", tuple(places), f"layers {names}{more}"),
            gain=-lost / 1e6,
            gain_unit="ms",
        )


def _number(row: Row, name: str) -> float:
    return float(row[name] or 0)


def _planned(table: Table) -> Iterator[Finding]:
    """The first step of each plan."""
    for place, row in enumerate(table):
        if row["rank"] == 1:
            claim = f"{row['model']}: {row['change']}"
            yield Finding(
                *("note", claim, "plan", (place,), f"{row['analysis']}, {row['where']}"),
                gain=-_number(row, "predicted_saving_ms"),
                gain_unit="ms",
                advice=str(row["how"]),
            )


def _verified(table: Table) -> Iterator[Finding]:
    """How the predictions did that were carried out."""
    told = [(place, row) for place, row in enumerate(table) if row["predicted_over_achieved"]]
    if not told:
        return
    close = [
        place
        for place, row in told
        if abs(_number(row, "predicted_saving_ms") - _number(row, "achieved_saving_ms"))
        <= _WITHIN * abs(_number(row, "achieved_saving_ms"))
    ]
    claim = f"{len(close)} of {len(told)} predictions were within 25 % of what was achieved"
    sign: Sign = "good" if len(close) == len(told) else "note"
    yield Finding(sign, claim, "advice", tuple(place for place, _ in told))


def _single(table: Table) -> Iterator[Finding]:
    for place, row in enumerate(table):
        if _number(row, "share_pct") >= _SINGLE_PCT:
            share = f"{_number(row, 'share_pct'):.0f} % of the bound of {row['model']}"
            claim = f"{share} is {row['operator']} by {row['source']} alone"
            yield Finding("note", claim, "single_source", (place,))
