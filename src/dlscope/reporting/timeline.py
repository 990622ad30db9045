"""`timeline`: where the time of one iteration went, a lane for each level."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TypeGuard

from dlscope.core.errors import FigureError
from dlscope.core.report import Figure
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, scale_for
from dlscope.reporting.cells import ABSENT
from dlscope.reporting.lanes import Slice, bounded, laid_out
from dlscope.reporting.picked import first
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color
from dlscope.reporting.words import cut, plain, plural

_MOST_LANES = 40
_MOST_NAME = 40
_LANE_HEIGHT = 20
_LETTER = 6.6
_PARTS = {
    "compute": ("compute (conv, gemm)", "s1"),
    "movement": ("data movement (reorder, copy)", "s2"),
    "element-wise": ("element-wise, norm, pool", "s3"),
    "idle": ("host, idle", "s6"),
    "other": ("other", "s4"),
    "several": ("several parts", "s6-soft"),
}
# On other colours, letters in that of the page have a contrast below 4.5.
_NAMED_IN_BG = ("compute", "element-wise", "other")


def timeline(
    table: Table,
    *,
    row: str,
    name: str,
    start: str,
    duration: str,
    part: str,
    most: int = MOST_MARKS,
    title: str = "Timeline",
) -> Figure:
    """Rectangles from `start` for `duration`, in a lane for each text of the column `row`.

    The column `part` colours them: `compute`, `movement`, `element-wise`, `idle`, another text,
    or none for a span of several parts. Spans of a lane that overlap go to a further one, of at
    most 40; names stand where they fit. The axis begins with the earliest span. Of more than
    `most` spans (a drawing without script holds 2000) those shorter than a pixel are drawn as
    their sum, by lane, pixel and part. Raises `FigureError` where units of time differ.
    """
    unit = _unit(table, start, duration)
    cells = zip(*map(table.column, (row, name, part, start, duration)), strict=True)
    origin = min(filter(_is_finite, table.column(start)), default=0)
    spans = [
        Slice(_text(lane), _text(said), _part(kind), begin - origin, length)
        for lane, said, kind, begin, length in cells
        if _is_finite(begin) and _is_finite(length) and length >= 0
    ]
    whole = max((span.end for span in spans), default=0) or 1
    placed = laid_out(spans, whole)
    lanes = first([each.lane for each in placed], _MOST_LANES)
    drawn = [each for each in placed if each.lane in lanes]
    kept, pixel = bounded(drawn, whole, most)
    scale = scale_for(unit, [whole])
    records = [
        {"lane": each.lane, "name": each.name, "part": each.part}
        | {"from": each.start * scale.factor, "to": each.end * scale.factor}
        for each in kept
    ]
    legend = [
        {"label": label, "color": color(hue), "shape": "square"}
        for kind, (label, hue) in _PARTS.items()
        if any(each.part == kind for each in kept)
    ]
    body = _body(lanes, whole * scale.factor, plain(scale.unit))
    spec = spec_of(records, body, left_out=len(table) - len(drawn), legend=legend)
    caption = _summed(sum(each.duration < pixel for each in drawn), pixel, unit)
    return Figure(f"{table.name}_timeline", title, spec, table.name, caption)


def _summed(spans: int, pixel: float, unit: str | None) -> str:
    """What was drawn as sums, in words; nothing where no pixel was too narrow."""
    if not pixel:
        return ""
    limit, factor = scale_for(unit, [pixel])
    shown = f"{format_number(pixel * factor)} {plain(limit)}"
    return f"{plural(spans, 'span')} under {shown} drawn as their sums by part."


def _unit(table: Table, start: str, duration: str) -> str | None:
    begin, length = (table.describe(name).unit for name in (start, duration))
    if begin != length:
        raise FigureError(
            f"a timeline needs one unit of time: {plain(start)} is in {plain(begin or 'no unit')}, "
            f"{plain(duration)} in {plain(length or 'no unit')}",
            where=f"table {plain(table.name)}",
            fix="give both columns in ns",
        )
    return begin


def _text(cell: Cell) -> str:
    return ABSENT if cell is None else cut(plain(str(cell)), _MOST_NAME)


def _part(cell: Cell) -> str:
    return "several" if cell is None else str(cell) if cell in _PARTS else "other"


def _is_finite(cell: Cell) -> TypeGuard[float]:
    return isinstance(cell, int | float) and math.isfinite(cell)


def _body(lanes: Sequence[str], whole: float, unit: str) -> Spec:
    """Rectangles and, in those with room for it, their name with or without the time it took."""
    after = json.dumps(f" {unit}")
    x: Spec = {
        "field": "from",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, whole], "nice": False},
        "axis": {"orient": "top", "tickCount": {"expr": "width / 90"}, "domain": False},
    }
    x["axis"]["labelExpr"] = f"datum.value ? datum.label : '0' + {after}"
    y = {"field": "lane", "type": "nominal", "sort": list(lanes), "title": None}
    hues = {"domain": list(_PARTS), "range": [color(hue) for _, hue in _PARTS.values()]}
    tint = {"field": "part", "type": "nominal", "scale": hues}
    took = f"datum.name + ' ' + format(datum.to - datum.from, '.3~r') + {after}"
    room = f"(datum.to - datum.from) / {whole!r} * width - 8"
    label = f"{_LETTER} * length(datum.took) < datum.room ? datum.took : datum.name"
    gap = {"expr": "datum.room > 0 ? -1 : max(0, -7.5 - datum.room)"}
    bar = {"type": "bar", "height": 15, "x2Offset": gap, "description": {"expr": "datum.took"}}
    ink = {
        "condition": {"test": {"field": "part", "oneOf": _NAMED_IN_BG}, "value": color("bg")},
        "value": color("ink"),
    }
    is_readable = {"field": "part", "oneOf": [*_NAMED_IN_BG, "several"]}
    return {
        "height": _LANE_HEIGHT * max(len(lanes), 1),
        "transform": [{"calculate": took, "as": "took"}, {"calculate": room, "as": "room"}],
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": bar, "encoding": {"x2": {"field": "to"}, "color": tint}},
            {
                "transform": [
                    {"filter": is_readable},
                    {"calculate": label, "as": "label"},
                    {"filter": f"{_LETTER} * length(datum.label) < datum.room"},
                ],
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "label"}, "color": ink},
            },
        ],
    }
