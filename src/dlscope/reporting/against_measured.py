"""`against_measured`: what was predicted against what was measured, with a band around equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import column_scale, display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import heading
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

_HEIGHT = 320
_ROOM = 1.15


def against_measured(
    table: Table, predicted: str, measured: str, *, band: float = 0.1, title: str = ""
) -> Figure:
    """A point with its interval for each row, both columns on one logarithmic scale.

    The line is where prediction and measurement are equal, the grey band ± `band` around it.
    Rows without both, or not above 0, are left out and counted.
    """
    shown = display(table, range(min(len(table), MOST_MARKS)))
    across, up = pick(shown, predicted), pick(shown, measured)
    # Two columns may have picked different units; the figure has one.
    scale = column_scale(table, table.describe(measured))
    factor = scale.factor / column_scale(table, table.describe(predicted)).factor
    records = [
        {
            "x": place.number * factor,
            "y": cell.number,
            "lo": cell.number if cell.lo is None else cell.lo,
            "hi": cell.number if cell.hi is None else cell.hi,
        }
        for place, cell in zip(across.cells, up.cells, strict=True)
        if place.number is not None and cell.number is not None
        if place.number > 0 and cell.number > 0
    ]
    layers = _layers(records, up.unit, across.header, up.header, band)
    body = {"layer": layers, "height": _HEIGHT}
    spec = spec_of(records, body, left_out=len(table) - len(records))
    top = title or heading(f"{up.header} against {across.header}")
    caption = f"Line: equal; grey band: ± {band:.0%} of it; bars: 95 % interval."
    return Figure(f"{table.name}_against", top, spec, table.name, caption.replace("%", " %", 1))


def _layers(
    records: Sequence[Mapping[str, Any]], unit: str, x_name: str, y_name: str, band: float
) -> list[Spec]:
    ends = [record[axis] for record in records for axis in ("x", "lo", "hi") if record[axis] > 0]
    low, high = (min(ends) / _ROOM, max(ends) * _ROOM) if ends else (1.0, 10.0)
    scale = {"type": "log", "domain": [low, high], "nice": False}
    said = f", {unit} (log)" if unit else " (log)"
    x: Spec = {"field": "x", "type": "quantitative", "title": f"{x_name}{said}", "scale": scale}
    y: Spec = {"field": "y", "type": "quantitative", "title": f"{y_name}{said}", "scale": scale}
    x["axis"] = y["axis"] = {"tickCount": 6}
    line = [{"x": place, "y": place} for place in (low, high)]
    area = [{"x": e["x"], "y": e["x"] * (1 - band), "y2": e["x"] * (1 + band)} for e in line]
    clipped = {"type": "area", "color": color("s6-soft"), "opacity": 0.7, "clip": True}
    equal = {"type": "line", "color": color("ink-3"), "strokeWidth": 1}
    dot = {"type": "point", "color": color("s1"), "opacity": 1}
    bar = {"x": x, "y": {**y, "field": "lo"}, "y2": {"field": "hi"}}
    return [
        {"data": {"values": area}, "mark": clipped,
         "encoding": {"x": x, "y": y, "y2": {"field": "y2"}}},
        {"data": {"values": line}, "mark": equal, "encoding": {"x": x, "y": y}},
        {"mark": {"type": "rule", "color": color("s1"), "opacity": 0.6}, "encoding": bar},
        {"mark": dot, "encoding": {"x": x, "y": y}},
    ]  # fmt: skip
