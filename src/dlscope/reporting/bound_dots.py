"""`bound_dots`: measured values with intervals against the bounds below them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.core.units import format_number
from dlscope.reporting.cells import column_scale, display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import numbered, texts, titled
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import color

Rule = tuple[str, str]
"""A column that holds the same bound in every row, and its name in the figure."""

_MOST_DOTS = 60
_HEIGHT = 26
_LABEL_HEIGHT = 13
_HEADROOM = 1.12


def bound_dots(
    table: Table,
    label: str,
    value: str,
    *,
    rules: Sequence[Rule],
    floor: str,
    title: str = "",
) -> Figure:
    """A dot for each row from 0 on, a vertical rule for each bound, what is below `floor` grey.

    All values are in the unit of `value`. A dot left of a rule is drawn where it is, another
    colour and shape telling that it is faster than the bound called `fused`.
    """
    shown = display(table, range(min(len(table), _MOST_DOTS)))
    names, column = numbered(texts(shown, label)), pick(shown, value)
    factor = column_scale(table, table.describe(value)).factor
    bounds = [(name, found * factor) for key, name in rules if (found := _bound(table, key))]
    fused = dict(bounds).get("fused", 0.0)
    records: list[dict[str, Any]] = [
        {
            "name": name,
            "x": cell.number,
            "lo": cell.number if cell.lo is None else cell.lo,
            "hi": cell.number if cell.hi is None else cell.hi,
            "text": cell.text,
            "below": cell.number < fused,
        }
        for name, cell in zip(names, column.cells, strict=True)
        if cell.number is not None
    ]
    most = max([*(each["hi"] for each in records), *(place for _, place in bounds)], default=1.0)
    body = _body([each["name"] for each in records], most, titled(column))
    body["layer"] = [
        *_floor((_bound(table, floor) or 0.0) * factor),
        *_rules(bounds),
        *body["layer"],
    ]
    legend = [
        {"label": "measured", "color": color("s1"), "shape": "circle"},
        {"label": "bound", "color": color("s3"), "shape": "line"},
    ]
    spec = spec_of(records, body, left_out=len(table) - len(records), legend=legend)
    caption = (
        "Points: measured with 95 % interval. Green rules: lower bounds over the registered "
        "implementations, for one type and number of threads. Diamonds: faster than the fused "
        "bound. Grey: below the roofline floor."
    )
    return Figure(
        f"{table.name}_against_bounds", title or titled(column), spec, table.name, caption
    )


def _bound(table: Table, name: str) -> float | None:
    """The one value of a column of bounds; None where it has none."""
    cells = [cell for cell in table.column(name) if isinstance(cell, int | float)]
    return float(cells[0]) if cells and math.isfinite(cells[0]) else None


def _body(names: Sequence[str], most: float, title: str) -> Spec:
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, most * _HEADROOM], "nice": False},
        "axis": {"tickCount": 10},
    }
    y = {
        "field": "name",
        "type": "nominal",
        "sort": list(names),
        "title": None,
        "axis": {"grid": True},
    }
    tint = {"condition": {"test": "datum.below", "value": color("warn")}, "value": color("s1")}
    shape = {"condition": {"test": "datum.below", "value": "diamond"}, "value": "circle"}
    band = {"type": "rule", "strokeWidth": 6, "opacity": 0.45}
    text = {"type": "text", "align": "left", "dx": 10, "fontWeight": 600}
    return {
        "height": _HEIGHT * max(len(names), 1) + 10,
        "layer": [
            {
                "mark": band,
                "encoding": {
                    "x": {**x, "field": "lo"},
                    "x2": {"field": "hi"},
                    "y": y,
                    "color": tint,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": tint, "shape": shape},
            },
            {
                "mark": text,
                "encoding": {
                    "x": {**x, "field": "hi"},
                    "y": y,
                    "text": {"field": "text"},
                    "color": {"value": color("ink")},
                },
            },
        ],
    }


def _floor(place: float) -> list[Spec]:
    """What nothing can reach."""
    if not place:
        return []
    area = {"type": "rect", "color": color("line-2"), "opacity": 1}
    return [
        {
            "data": {"values": [{"from": 0, "to": place}]},
            "mark": area,
            "encoding": {
                "x": {"field": "from", "type": "quantitative"},
                "x2": {"field": "to"},
            },
        }
    ]


def _rules(bounds: Sequence[tuple[str, float]]) -> list[Spec]:
    """A rule for each bound; the names above stand on lines of their own, so that none collide."""
    ordered = sorted(bounds, key=lambda each: each[1])
    layers: list[Spec] = []
    for line, (name, place) in enumerate(ordered):
        x = {"datum": place, "type": "quantitative"}
        above = {
            "type": "text",
            "align": "left",
            "baseline": "bottom",
            "dx": -2,
            "fontWeight": 600,
            "color": color("s3"),
        }
        rise = 4 + _LABEL_HEIGHT * (len(ordered) - 1 - line)
        layers += [
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": color("s3"), "strokeWidth": 1.5},
                "encoding": {"x": x},
            },
            {
                "data": {"values": [{"name": f"{name} {format_number(place)}"}]},
                "mark": above,
                "encoding": {
                    "x": x,
                    "y": {"value": -rise},
                    "text": {"field": "name", "type": "nominal"},
                },
            },
        ]
    return layers
