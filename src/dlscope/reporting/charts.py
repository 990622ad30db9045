"""Figures made from Tables as Vega-Lite specifications: plain data, no drawing library needed.

Every builder keeps to 2000 marks, leaves out what is not finite, and says in
`usermeta.dlscope` what a face must add in words: the legend and what was left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.apart import apart
from dlscope.reporting.cells import Display, Shown, ShownColumn, column_scale, display
from dlscope.reporting.heat_map import heat_map
from dlscope.reporting.picked import changing, first, heading, numbered, texts, titled
from dlscope.reporting.picked import column as pick
from dlscope.reporting.samples import Rule, histogram, run_order
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.stacked_bars import stacked_bars
from dlscope.reporting.theme import CONTEXT, SERIES, SHAPES, color

_MOST_DOTS = 60
_LOG_FROM_FACTOR = 20
_LARGEST_AREA = 400
_MOST_PANELS = 12
_TICKS = 8

__all__ = [
    "Rule",
    "heat_map",
    "histogram",
    "interval_dots",
    "lines",
    "run_order",
    "scatter",
    "stacked_bars",
]


def interval_dots(
    table: Table,
    label: str | Sequence[str],
    value: str,
    *,
    reference: float | None = None,
    title: str = "",
) -> Figure:
    """One point with its interval per row, rows from top to bottom; a rule at `reference`.

    `value` names a column of `table`, `label` one or several that say what a row is; `reference`
    is in the unit of `value`.
    """
    shown = display(table, range(min(len(table), _MOST_DOTS)))
    names, column = numbered(_labels(shown, label)), pick(shown, value)
    records = [
        {"name": name, **_point("x", cell)}
        for name, cell in zip(names, column.cells, strict=True)
        if cell.number is not None
    ]
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"grid": True}}
    has_log = reference is None or reference > 0
    x = _axis("x", column, records, may_be_log=has_log)
    band = {"type": "rule", "strokeWidth": 5, "opacity": 0.45, "color": color("s1")}
    dot = {"type": "point", "color": color("s1"), "opacity": 1}
    layers: list[Spec] = [
        {"mark": band, "encoding": {"x": {**x, "field": "lo"}, "x2": {"field": "hi"}, "y": y}},
        {"mark": dot, "encoding": {"x": x, "y": y}},
    ]
    if reference is not None and records:
        layers.append(_rule_at(reference, _factor(table, value)))
    height = 26 * max(len(records), 1) + 10
    body = {"layer": layers, "height": height}
    spec = spec_of(records, body, left_out=len(table) - len(records))
    caption = "Point: value; bar: 95 % interval." if column.has_interval else ""
    return Figure(f"{table.name}_dots", title or titled(column), spec, table.name, caption)


def lines(
    table: Table,
    x: str,
    y: str,
    *,
    series: str | None = None,
    panel: str | Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Lines with points and intervals over `x` (log₂ where it only doubles), rates from 0.

    A panel stands for each text of the column or columns `panel`. Rows with another series or
    panel than the first four and twelve are left out and counted.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 4)))
    keys = texts(shown, *([series] if series else []))
    panels = _labels(shown, panel) if panel else texts(shown)
    across, up = pick(shown, x), pick(shown, y)
    kept_keys, kept_panels = first(keys, len(SERIES)), first(panels, _MOST_PANELS)
    records = [
        {"series": key, "panel": part, "x": place.number, **_point("y", cell)}
        for key, part, place, cell in zip(keys, panels, across.cells, up.cells, strict=True)
        if place.number is not None
        and cell.number is not None
        and key in kept_keys
        and part in kept_panels
    ]
    unit: Spec = {"layer": _line_layers(records, across, up, kept_keys), "height": 140}
    legend = [] if series is None else _legend(kept_keys)
    body = {**unit, "height": 220}
    if panel is not None:
        for layer in unit["layer"]:
            layer["encoding"]["y"]["title"] = None  # the panel's name stands in its place
        legend.insert(0, {"label": titled(up), "color": "", "shape": ""})
        body = {
            "facet": {"field": "panel", "type": "nominal", "sort": list(kept_panels)},
            "spec": unit,
        }
    left_out, count = len(table) - len(records), max(len(kept_panels), 1)
    spec = spec_of(records, body, left_out=left_out, legend=legend, panels=count)
    said = ["Bars: 95 % interval."] if up.has_interval else []
    said += ["Same scale in all panels."] if panel is not None else []
    top = title or heading(f"{up.header} by {across.header}")
    return Figure(f"{table.name}_lines", top, spec, table.name, " ".join(said))


def scatter(
    table: Table,
    label: str | Sequence[str],
    x: str,
    y: str,
    *,
    lower_is_better: Literal["x", "y", "both", "none"] = "x",
    size: str | None = None,
    title: str = "",
) -> Figure:
    """Points of `y` against `x` with intervals, and the Pareto front as a dashed step.

    A point is on the front when no other is at least as good in both and better in one; of `x`
    and `y` those that `lower_is_better` names are better when smaller. Only points on the front
    carry their label, the cells of the columns `label`, and only where it lies on no other. The
    area of a point is the column `size`.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 4)))
    across, up = pick(shown, x), pick(shown, y)
    areas = pick(shown, size).cells if size is not None else [None] * len(shown.rows)
    points = [
        {"name": name, **_ends("x", place), **_ends("y", cell), **_area(area)}
        for name, place, cell, area in zip(
            numbered(_labels(shown, label)), across.cells, up.cells, areas, strict=True
        )
        if place.number is not None and cell.number is not None
    ]
    signs = (
        -1.0 if lower_is_better in ("x", "both") else 1.0,
        -1.0 if lower_is_better in ("y", "both") else 1.0,
    )
    on_front = _front(points, *signs)
    named = apart(points, on_front)
    records = [
        {**point, "front": index in on_front, "told": point["name"] if index in named else ""}
        for index, point in enumerate(points)
    ]
    step = "step-after" if signs[0] < 0 else "step-before"
    layers = _scatter_layers(
        _axis("x", across, records), _axis("y", up, records), step, has_size=size is not None
    )
    body = {"layer": layers, "height": 280}
    spec = spec_of(records, body, left_out=len(table) - len(records))
    top = title or heading(f"{up.header} against {across.header}")
    caption = "Dashed: front, on which no other point is better in both; bars: 95 % interval."
    if size is not None:
        caption += f" Area: {pick(shown, size).header}."
    return Figure(f"{table.name}_{x}_scatter", top, spec, table.name, caption)


def _labels(shown: Display, label: str | Sequence[str]) -> list[str]:
    return texts(shown, *([label] if isinstance(label, str) else changing(shown, label)))


def _point(axis: str, cell: Shown) -> Spec:
    lo = cell.number if cell.lo is None else cell.lo
    hi = cell.number if cell.hi is None else cell.hi
    return {axis: cell.number, "lo": lo, "hi": hi}


def _ends(axis: str, cell: Shown) -> Spec:
    point = _point(axis, cell)
    return {axis: point[axis], f"{axis}lo": point["lo"], f"{axis}hi": point["hi"]}


def _factor(table: Table, name: str) -> float:
    return column_scale(table, table.describe(name)).factor


def _rule_at(reference: float, factor: float) -> Spec:
    mark = {"type": "rule", "color": color("ink-3"), "strokeWidth": 1}
    return {"mark": mark, "encoding": {"x": {"datum": reference * factor}}}


def _legend(names: Sequence[str]) -> list[Mapping[str, str]]:
    return [
        {"label": name, "color": color(token), "shape": shape}
        for name, token, shape in zip(names, SERIES, SHAPES, strict=False)
    ]


def _line_layers(
    records: Sequence[Mapping[str, Any]],
    across: ShownColumn,
    up: ShownColumn,
    names: Sequence[str],
) -> list[Spec]:
    places = sorted({record["x"] for record in records})
    x: Spec = {"field": "x", "type": "quantitative", "title": titled(across), "scale": {}}
    if len(places) > 1 and all(place > 0 and math.log2(place) % 1 == 0 for place in places):
        x["scale"] = {"type": "log", "base": 2, "nice": False}
        x["axis"] = {"values": places, "format": "~r"}
    y: Spec = {"field": "y", "type": "quantitative", "title": titled(up), "scale": {"zero": True}}
    used = len(names)
    hue = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(names), "range": [color(token) for token in SERIES[:used]]},
    }
    shape = {**hue, "scale": {"domain": list(names), "range": list(SHAPES[:used])}}
    dot = {"type": "point", "opacity": 1}
    bar = {"y": {**y, "field": "lo"}, "y2": {"field": "hi"}, "x": x, "color": hue}
    return [
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": bar},
        {"mark": "line", "encoding": {"x": x, "y": y, "color": hue}},
        {"mark": dot, "encoding": {"x": x, "y": y, "color": hue, "shape": shape}},
    ]


def _axis(
    name: str,
    column: ShownColumn,
    records: Sequence[Mapping[str, Any]],
    *,
    may_be_log: bool = True,
) -> Spec:
    values = [record[name] for record in records]
    axis: Spec = {
        "field": name,
        "type": "quantitative",
        "title": titled(column),
        "scale": {"zero": False},
    }
    if name == "x":
        axis["axis"] = {"tickCount": _TICKS}
    may_be_log = may_be_log and name == "x" and bool(values) and min(values) > 0
    if may_be_log and max(values) / min(values) >= _LOG_FROM_FACTOR:
        axis["scale"] = {"type": "log"}
        axis["title"] += " (log)"
    return axis


def _area(cell: Shown | None) -> Spec:
    return {} if cell is None else {"size": cell.number or 0.0}


def _scatter_layers(x: Spec, y: Spec, interpolate: str, *, has_size: bool) -> list[Spec]:
    is_front = {"filter": "datum.front"}
    tint = {"condition": {"test": "datum.front", "value": color("s1")}, "value": color(CONTEXT)}
    step = {"type": "line", "interpolate": interpolate, "strokeDash": [4, 3], "color": color("s1")}
    side = {"x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": tint}
    upright = {"y": {**y, "field": "ylo"}, "y2": {"field": "yhi"}, "x": x, "color": tint}
    label = {"type": "text", "align": "left", "dx": 8, "dy": -8}
    point: Spec = {
        "mark": {"type": "point", "opacity": 1},
        "encoding": {"x": x, "y": y, "color": tint},
    }
    if has_size:
        point["mark"]["opacity"] = 0.7
        point["encoding"]["size"] = {
            "field": "size",
            "type": "quantitative",
            "scale": {"zero": True, "range": [12, _LARGEST_AREA]},
        }
    return [
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": side},
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": upright},
        {"transform": [is_front], "mark": step, "encoding": {"x": x, "y": y}},
        point,
        {
            "transform": [is_front],
            "mark": label,
            "encoding": {"x": x, "y": y, "text": {"field": "told"}},
        },
    ]


def _front(points: Sequence[Mapping[str, Any]], right: float, upward: float) -> set[int]:
    """Indices of the points that no other dominates; equal points stand together."""
    order = sorted(
        range(len(points)), key=lambda i: (-right * points[i]["x"], -upward * points[i]["y"], i)
    )
    front: set[int] = set()
    best = (math.nan, -math.inf)
    for index in order:
        place = (right * points[index]["x"], upward * points[index]["y"])
        if place[1] > best[1]:
            best = place
        if place == best:
            front.add(index)
    return front
