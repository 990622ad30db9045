"""`choice_map`: how probable each choice is at each place, and which one was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import first, heading, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

_TINTS = ("h1", "h2", "h3", "h4", "h5")
_STEP = 1 / len(_TINTS)
_DARK = 4
_MOST = 60
_ROW_HEIGHT = 22


def choice_map(
    table: Table, choice: str, place: str, share: str, *, chosen: str, title: str = ""
) -> Figure:
    """A cell for each `choice` at each `place`, tinted by `share` in fifths; a ring where `chosen`.

    Places stand from left to right in their order, choices from top to bottom in that of the table.
    At most 60 of each.
    """
    shown = display(table, range(min(len(table), MOST_MARKS)))
    names, places = texts(shown, choice), pick(shown, place)
    kept, wide = first(names, _MOST), first([cell.text for cell in places.cells], _MOST)
    records: list[dict[str, Any]] = [
        {
            "choice": name,
            "place": cell.text,
            "order": row if cell.number is None else cell.number,
            "share": value,
            "tint": _tint(value),
            "chosen": table.column(chosen)[row] is True,
        }
        for row, name, cell in zip(shown.rows, names, places.cells, strict=True)
        if name in kept and cell.text in wide
        for value in (table.column(share)[row],)
        if isinstance(value, int | float)
    ]
    body = {"layer": _layers(titled(places)), "height": _ROW_HEIGHT * max(len(kept), 1)}
    left_out = len(table) - len(records)
    spec = spec_of(records, body, left_out=left_out, legend=_legend(), noun="cell")
    top = title or heading(f"{pick(shown, share).header} by {places.header}")
    return Figure(f"{table.name}_map", top, spec, table.name, "Darker: more probable.")


def _tint(share: float) -> int:
    """1 to 5: the fifth in which `share` lies."""
    return 1 + min(max(int(share / _STEP), 0), len(_TINTS) - 1)


def _layers(x_title: str) -> list[Spec]:
    sort = {"field": "order", "order": "ascending"}
    x = {"field": "place", "type": "ordinal", "sort": sort, "title": x_title, "axis": {}}
    x["axis"] = {"labelAngle": 0, "ticks": False, "domain": False, "labelOverlap": "greedy"}
    y = {"field": "choice", "type": "nominal", "sort": None, "title": None}
    tints = {
        "field": "tint",
        "type": "nominal",
        "scale": {"domain": list(range(1, len(_TINTS) + 1)), "range": [*map(color, _TINTS)]},
    }
    ring = {"type": "point", "size": 30, "filled": False, "strokeWidth": 1.6, "opacity": 1}
    edge = {
        "condition": {"test": f"datum.tint >= {_DARK}", "value": color("bg")},
        "value": color("ink"),
    }
    cell = {"type": "rect", "stroke": color("bg"), "strokeWidth": 1}
    return [
        {"mark": cell, "encoding": {"x": x, "y": y, "color": tints}},
        {
            "transform": [{"filter": "datum.chosen"}],
            "mark": ring,
            "encoding": {"x": x, "y": y, "stroke": edge},
        },
    ]


def _legend() -> Sequence[Mapping[str, str]]:
    steps = [
        {
            "label": f"{place * _STEP:g}–{(place + 1) * _STEP:g}",
            "color": color(tint),
            "shape": "square",
        }
        for place, tint in enumerate(_TINTS)
    ]
    return [*steps, {"label": "chosen", "color": color("ink"), "shape": "ring"}]
