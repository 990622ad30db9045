"""`heat_map`: a number for each pair of a row and a column, written into tinted cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import display
from dlscope.reporting.picked import changing, column, first, heading, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

_STEPS = ("h1", "h2", "h3", "h4", "h5")
_DARK = 4
_MOST = 60
_ROW_HEIGHT = 26


def heat_map(
    table: Table,
    rows: Sequence[str],
    across: str,
    value: str,
    *,
    absent: str | None = None,
    title: str = "",
) -> Figure:
    """Cells of `value` over the column `across`, one line for each text of the columns `rows`.

    Five tints in equal steps from the smallest value to the largest; the column `absent` says
    why a cell has no value. At most 60 lines of 60 cells.
    """
    shown = display(table, range(min(len(table), MOST_MARKS)))
    lines, places = texts(shown, *changing(shown, rows)), column(shown, across)
    alphabet = sorted({cell.text for cell in places.cells})
    cells, reasons = column(shown, value).cells, texts(shown, *([absent] if absent else []))
    kept = set(first(lines, _MOST))
    wide = set(first([cell.text for cell in places.cells], _MOST))
    records = [
        {
            "row": line,
            "column": place.text,
            "order": alphabet.index(place.text) if place.number is None else place.number,
            "value": cell.number,
            "text": cell.text if cell.number is not None or not reason else reason,
        }
        for line, place, cell, reason in zip(lines, places.cells, cells, reasons, strict=True)
        if line in kept and place.text in wide
    ]
    tinted = _tinted(records)
    body = {"layer": _layers(titled(places)), "height": _ROW_HEIGHT * max(len(kept), 1)}
    spec = spec_of(tinted, body, left_out=len(table) - len(records))
    top = title or heading(f"{titled(column(shown, value))} by {places.header}")
    return Figure(f"{table.name}_heat_map", top, spec, table.name, "Darker: more.")


def _tinted(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    numbers = [record["value"] for record in records if record["value"] is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    return [{**record, "tint": _tint(record["value"], low, high)} for record in records]


def _tint(value: float | None, low: float, high: float) -> int:
    """0 for no value, else 1 to 5."""
    if value is None:
        return 0
    share = (value - low) / (high - low) if high > low else 0.0
    return 1 + min(int(share * len(_STEPS)), len(_STEPS) - 1)


def _layers(x_title: str) -> list[Spec]:
    sort = {"field": "order", "order": "ascending"}
    x = {"field": "column", "type": "ordinal", "sort": sort, "title": x_title, "axis": {}}
    x["axis"] = {"labelAngle": 0, "ticks": False, "domain": False}
    y = {"field": "row", "type": "nominal", "sort": None, "title": None}
    tints = {
        "field": "tint",
        "type": "nominal",
        "scale": {
            "domain": list(range(len(_STEPS) + 1)),
            "range": [color("h0"), *map(color, _STEPS)],
        },
    }
    ink = {
        "condition": {"test": f"datum.tint >= {_DARK}", "value": color("bg")},
        "value": color("ink"),
    }
    edge = {"type": "rect", "stroke": color("bg"), "strokeWidth": 2}
    return [
        {"mark": edge, "encoding": {"x": x, "y": y, "color": tints}},
        {"mark": "text", "encoding": {"x": x, "y": y, "text": {"field": "text"}, "color": ink}},
    ]
