"""Figures made from Tables as Vega-Lite specifications: plain data, no drawing library needed.

Every builder keeps to 2000 marks, leaves out what is not finite, and says in
`usermeta.dlscope` what a face must add in words: the legend and what was left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import Display, Shown, ShownColumn, column_scale, display
from dlscope.reporting.samples import Rule, histogram, run_order
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import CONTEXT, SERIES, SHAPES, color
from dlscope.reporting.words import cut

_MOST_DOTS = 60
_LOG_FROM_FACTOR = 20
_MOST_LABEL = 32
_MOST_PANELS = 12

__all__ = ["Rule", "histogram", "interval_dots", "lines", "run_order", "scatter"]


def interval_dots(
    table: Table, label: str, value: str, *, reference: float | None = None, title: str = ""
) -> Figure:
    """One point with its interval per row, rows from top to bottom; a rule at `reference`.

    `label` and `value` name columns of `table`; `reference` is in the unit of `value`.
    """
    shown = display(table, range(min(len(table), _MOST_DOTS)))
    names, column = _named(shown, label), _column(shown, value)
    records = [
        {"name": name, **_point("x", cell)}
        for name, cell in zip(names, column.cells, strict=True)
        if cell.number is not None
    ]
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"grid": True}}
    x = _axis("x", column, records)
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
    return Figure(f"{table.name}_dots", title or _title(column), spec, table.name, caption)


def lines(
    table: Table,
    x: str,
    y: str,
    *,
    series: str | None = None,
    panel: str | None = None,
    title: str = "",
) -> Figure:
    """Lines with points and intervals over `x` (log₂ where it only doubles), rates from 0.

    Rows with another series or panel than the first four and twelve are left out and counted.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 4)))
    keys = _texts(shown, series)
    panels = _texts(shown, panel)
    across, up = _column(shown, x), _column(shown, y)
    kept_keys, kept_panels = _first(keys, len(SERIES)), _first(panels, _MOST_PANELS)
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
        legend.insert(0, {"label": _title(up), "color": "", "shape": ""})
        body = {"facet": {"field": "panel", "type": "nominal", "sort": None}, "spec": unit}
    left_out, count = len(table) - len(records), max(len(kept_panels), 1)
    spec = spec_of(records, body, left_out=left_out, legend=legend, panels=count)
    said = ["Bars: 95 % interval."] if up.has_interval else []
    said += ["Same scale in all panels."] if panel is not None else []
    heading = title or _heading(f"{up.header} by {across.header}")
    return Figure(f"{table.name}_lines", heading, spec, table.name, " ".join(said))


def scatter(
    table: Table, label: str, x: str, y: str, *, lower_is_better: str = "x", title: str = ""
) -> Figure:
    """Points of `y` against `x` with intervals, and the Pareto front as a dashed step.

    A point is on the front when no other is at least as good in both and better in one:
    smaller `x` and larger `y` (both smaller with `lower_is_better="both"`). Only points on
    the front carry their label.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 4)))
    across, up = _column(shown, x), _column(shown, y)
    points = [
        {"name": name, **_ends("x", place), **_ends("y", cell)}
        for name, place, cell in zip(_named(shown, label), across.cells, up.cells, strict=True)
        if place.number is not None and cell.number is not None
    ]
    front = _front(points, -1.0 if lower_is_better == "both" else 1.0)
    records = [{**point, "front": index in front} for index, point in enumerate(points)]
    layers = _scatter_layers(_axis("x", across, records), _axis("y", up, records))
    body = {"layer": layers, "height": 280}
    spec = spec_of(records, body, left_out=len(table) - len(records))
    heading = title or _heading(f"{up.header} against {across.header}")
    caption = "Dashed: front, on which no other point is better in both; bars: 95 % interval."
    return Figure(f"{table.name}_scatter", heading, spec, table.name, caption)


def _column(shown: Display, name: str) -> ShownColumn:
    return next(column for column in shown.columns if column.column.name == name)


def _texts(shown: Display, name: str | None) -> list[str]:
    if name is None:
        return [""] * len(shown.rows)
    return [cut(cell.text, _MOST_LABEL) for cell in _column(shown, name).cells]


def _named(shown: Display, label: str) -> list[str]:
    """The labels, a number after each that came before."""
    seen: dict[str, int] = {}
    names = []
    for text in _texts(shown, label):
        seen[text] = seen.get(text, 0) + 1
        names.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return names


def _first(texts: Iterable[str], count: int) -> list[str]:
    return list(dict.fromkeys(texts))[:count]


def _title(column: ShownColumn) -> str:
    return f"{column.header}, {column.unit}" if column.unit else column.header


def _heading(text: str) -> str:
    return text[:1].upper() + text[1:]


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
    x: Spec = {"field": "x", "type": "quantitative", "title": _title(across), "scale": {}}
    if len(places) > 1 and all(place > 0 and math.log2(place) % 1 == 0 for place in places):
        x["scale"] = {"type": "log", "base": 2, "nice": False}
        x["axis"] = {"values": places, "format": "~r"}
    y: Spec = {"field": "y", "type": "quantitative", "title": _title(up), "scale": {"zero": True}}
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


def _axis(name: str, column: ShownColumn, records: Sequence[Mapping[str, Any]]) -> Spec:
    values = [record[name] for record in records]
    axis: Spec = {
        "field": name,
        "type": "quantitative",
        "title": _title(column),
        "scale": {"zero": False},
    }
    if name == "x" and values and min(values) > 0 and max(values) / min(values) >= _LOG_FROM_FACTOR:
        axis["scale"] = {"type": "log"}
        axis["title"] += " (log)"
    return axis


def _scatter_layers(x: Spec, y: Spec) -> list[Spec]:
    is_front = {"filter": "datum.front"}
    tint = {"condition": {"test": "datum.front", "value": color("s1")}, "value": color(CONTEXT)}
    step = {"type": "line", "interpolate": "step-after", "strokeDash": [4, 3], "color": color("s1")}
    side = {"x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": tint}
    upright = {"y": {**y, "field": "ylo"}, "y2": {"field": "yhi"}, "x": x, "color": tint}
    label = {"type": "text", "align": "left", "dx": 8, "dy": -8}
    return [
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": side},
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": upright},
        {"transform": [is_front], "mark": step, "encoding": {"x": x, "y": y}},
        {"mark": {"type": "point", "opacity": 1}, "encoding": {"x": x, "y": y, "color": tint}},
        {
            "transform": [is_front],
            "mark": label,
            "encoding": {"x": x, "y": y, "text": {"field": "name"}},
        },
    ]


def _front(points: Sequence[Mapping[str, Any]], upward: float) -> set[int]:
    """Indices of the points that no other dominates; of equal points the first."""
    order = sorted(range(len(points)), key=lambda i: (points[i]["x"], -upward * points[i]["y"], i))
    front: set[int] = set()
    best = -math.inf
    for index in order:
        if upward * points[index]["y"] > best:
            best = upward * points[index]["y"]
            front.add(index)
    return front
