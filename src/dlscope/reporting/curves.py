"""`curves`: several columns of one unit as lines over one, each named at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import column_scale, display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import heading, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

Curve = tuple[str, str]
"""A column, and the name of its line."""

TOKENS = ("s1", "s2", "s3", "s4")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
"""Color and dash of a line, by its place among the others."""
_HEIGHT = 160
_FEW = 20
_MOST_TICKS = 12


def curves(
    table: Table,
    x: str,
    several: Sequence[Curve],
    *,
    title: str = "",
    unit_title: str = "",
    has_legend: bool = False,
) -> Figure:
    """A line for each of at most four columns over the column `x`, all in the unit of the first.

    A long run is drawn by the smallest and the largest value of each bucket, so that no peak is
    lost. `unit_title` stands above the axis, by default the header of the first column. Lines are
    named at their ends, or, where those meet, in a legend.
    """
    several = several[: len(TOKENS)]
    factor = column_scale(table, table.describe(several[0][0])).factor
    shown = display(table, range(0))
    across, up = pick(shown, x), pick(shown, several[0][0])
    most = MOST_MARKS // (2 * len(several))
    records = [
        {"name": name, "x": place, "y": value * factor}
        for column, name in several
        for place, value in _thinned(_points(table, x, column), most)
    ]
    title_y = f"{unit_title}, {up.unit}" if unit_title and up.unit else unit_title or titled(up)
    names = [name for _, name in several]
    layers = _layers(titled(across), title_y, names, has_points=len(records) <= _FEW * len(names))
    places = sorted({place for column, _ in several for place, _ in _points(table, x, column)})
    if table.describe(x).dtype == "int" and len(places) <= _MOST_TICKS:
        layers[0]["encoding"]["x"]["axis"] = {"values": places, "format": "d"}
    if len(several) > 1 and not has_legend:
        layers.append(_ends(records, layers[0]["encoding"]))
    empty = len(table) * len(several) - sum(len(_points(table, x, c)) for c, _ in several)
    legend = legend_of(names) if has_legend else ()
    body = {"layer": layers, "height": _HEIGHT}
    spec = spec_of(records, body, left_out=empty, legend=legend, noun="point")
    top = title or heading(f"{up.header} by {across.header}")
    return Figure(f"{table.name}_{several[0][0]}_curves", top, spec, table.name)


def legend_of(names: Sequence[str]) -> list[Mapping[str, str]]:
    """The colors and dashes of lines called `names`, as a legend above a figure."""
    return [
        {"label": name, "color": color(token), "shape": f"line {' '.join(map(str, dash))}"}
        for name, token, dash in zip(names, TOKENS, DASHES, strict=False)
    ]


def _points(table: Table, x: str, y: str) -> list[tuple[float, float]]:
    pairs = zip(table.column(x), table.column(y), strict=True)
    return [
        (float(place), float(value))
        for place, value in pairs
        if isinstance(place, int | float) and isinstance(value, int | float) and value == value
    ]


def _thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most `most` of `points`: of each bucket its lowest and its highest, in their order."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) * 2 // most)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        ends = {min(bucket, key=lambda each: each[1]), max(bucket, key=lambda each: each[1])}
        kept += sorted(ends)
    return kept


def _layers(x_title: str, y_title: str, names: Sequence[str], *, has_points: bool) -> list[Spec]:
    """A line of a single point shows nothing but its point."""
    x: Spec = {"field": "x", "type": "quantitative", "title": x_title, "scale": {"zero": False}}
    y: Spec = {"field": "y", "type": "quantitative", "title": y_title, "scale": {"zero": True}}
    colors = [color(each) for each in TOKENS[: len(names)]]
    hue, dash = (
        {"field": "name", "type": "nominal", "scale": {"domain": list(names), "range": each}}
        for each in (colors, list(DASHES[: len(names)]))
    )
    line = {"type": "line", "point": {"size": 30} if has_points else False}
    return [{"mark": line, "encoding": {"x": x, "y": y, "color": hue, "strokeDash": dash}}]


def _ends(records: Sequence[Mapping[str, Any]], encoding: Spec) -> Spec:
    """The name of each line beside its last point, one above and one below where two meet."""
    last = {record["name"]: record for record in records}
    ordered = sorted(last.values(), key=lambda each: -each["y"])
    spread = [
        {**record, "offset": 12 * place - 6 * (len(ordered) - 1)}
        for place, record in enumerate(ordered)
    ]
    text = {"type": "text", "align": "right", "dy": {"expr": "datum.offset * 1.6"}}
    return {
        "data": {"values": spread},
        "mark": {**text, "color": color("ink-2")},
        "encoding": {"x": encoding["x"], "y": encoding["y"], "text": {"field": "name"}},
    }
