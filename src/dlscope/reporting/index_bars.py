"""`index_bars`: a bar for each layer, in the order in which layers run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import ShownColumn, display
from dlscope.reporting.picked import column, first, heading, numbered, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import CONTEXT, SERIES, color
from dlscope.reporting.words import cut

_MOST_NAMED = 16
_MOST_RULES = 100
_MOST_PEAKS = 3
_APART = 0.3
_MOST_PEAK_NAME = 16
_HEADROOM = 1.12
_OTHER = "other"


def index_bars(
    table: Table, label: str, value: str, *, part: str | None = None, title: str = ""
) -> Figure:
    """Bars of `value` from 0 in the order of rows; the column `label` says what each stands for.

    With the column `part`, rows of one label make one bar; of more than four parts all but the
    first three are `other`, and shares reach to 100 %. Up to 16 bars carry their names; of more,
    the highest three do that stand apart. Intervals are drawn for up to 100 bars.
    """
    shown = display(table, range(min(len(table), MOST_MARKS - _MOST_PEAKS)))
    up, names, header = column(shown, value), texts(shown, label), column(shown, label).header
    bars = numbered(names) if part is None else list(dict.fromkeys(names))
    places = range(len(bars)) if part is None else [bars.index(name) for name in names]
    kinds = _with_other(texts(shown, *([part] if part else [])))
    order = sorted(set(kinds), key=lambda kind: (kind == _OTHER, kinds.index(kind)))
    records: list[Spec] = [
        {"index": place, "name": bars[place], "part": kind, "rank": order.index(kind)}
        | {"value": cell.number, "lo": cell.lo, "hi": cell.hi}
        for place, kind, cell in zip(places, kinds, up.cells, strict=True)
        if cell.number is not None
    ]
    has_rules = up.has_interval and part is None and len(bars) <= _MOST_RULES
    is_whole = part is not None and up.unit == "%" and _adds_up(records)
    y = _y(records, up, is_whole=is_whole)
    layers = [_bars(y, order, len(bars))]
    if has_rules:
        layers.append(_rules(y))
    if len(bars) > _MOST_NAMED and not is_whole:
        layers.append(_peaks(y, records, len(bars)))
    body = {"encoding": {"x": _x(bars, header)}, "layer": layers, "height": 200}
    legend = [
        {"label": kind, "color": _hue(kind, order), "shape": "square"} for kind in order if part
    ]
    spec = spec_of(records, body, left_out=len(table) - len(records), legend=legend)
    top = title or heading(f"{up.header} by {header}")
    caption = "Rules: 95 % interval." if has_rules else ""
    return Figure(f"{table.name}_{value}_bars", top, spec, table.name, caption)


def _with_other(parts: Sequence[str]) -> list[str]:
    kept = first(parts, len(SERIES) - (len(set(parts)) > len(SERIES)))
    return [part if part in kept else _OTHER for part in parts]


def _hue(part: str, order: Sequence[str]) -> str:
    return color(CONTEXT if part == _OTHER else SERIES[order.index(part)])


def _x(bars: Sequence[str], header: str) -> Spec:
    """Names under few bars, every fifth, tenth, … index under many."""
    if len(bars) <= _MOST_NAMED:
        axis: Spec = {"labelAngle": -40, "ticks": False}
        scale = {"domain": list(bars), "padding": 0.3}
        x: Spec = {"field": "name", "title": None, "scale": scale}
    else:
        step = next(step for step in (5, 10, 20, 50, 100, 200) if len(bars) <= 12 * step)
        axis = {"labelAngle": 0, "values": list(range(0, len(bars), step)), "labelOverlap": True}
        scale = {"domain": list(range(len(bars))), "padding": 0}
        x = {"field": "index", "title": f"{header} index", "scale": scale}
    return {"type": "ordinal", "axis": axis, **x}


def _y(records: Sequence[Spec], up: ShownColumn, *, is_whole: bool) -> Spec:
    low = min([0.0, *(record["value"] for record in records)])
    high = _HEADROOM * max(_tops(records).values(), default=0.0)
    ends = [0.0, 100.0] if is_whole else [low, high or 1.0]
    return {
        "field": "value",
        "type": "quantitative",
        "title": titled(up),
        "scale": {"domain": ends, "nice": not is_whole},
    }


def _tops(records: Sequence[Spec]) -> dict[int, float]:
    """How high the bar of each index reaches, or the interval above it."""
    tops: dict[int, float] = {}
    for record in records:
        top = tops.get(record["index"], 0.0) + max(record["value"], 0.0)
        tops[record["index"]] = max(top, record["hi"] or top)
    return tops


def _adds_up(records: Sequence[Spec]) -> bool:
    """Whether the values are shares of one whole: none below 0, no bar above 100 %."""
    tops = max(_tops(records).values(), default=0.0)
    return tops < 100.001 and all(record["value"] >= 0 for record in records)


def _bars(y: Spec, order: Sequence[str], count: int) -> Spec:
    hues = {"domain": list(order), "range": [_hue(kind, order) for kind in order]}
    said = "datum.index + ' ' + datum.name + ' ' + datum.part + ': ' + format(datum.value, '.3~r')"
    tint = {"field": "part", "type": "nominal", "scale": hues}
    # An outline closes the seams between bars of a pixel.
    outline = 0.6 if count > _MOST_RULES else 0
    return {
        "mark": {"type": "bar", "strokeWidth": outline, "description": {"expr": said}},
        "encoding": {
            "y": {**y, "stack": "zero"},
            "order": {"field": "rank", "type": "quantitative"},
            "color": tint,
            "stroke": tint,
        },
    }


def _rules(y: Spec) -> Spec:
    return {
        "mark": {"type": "rule", "color": color("ink-2")},
        "encoding": {"y": {**y, "field": "lo"}, "y2": {"field": "hi"}},
    }


def _peaks(y: Spec, records: Sequence[Spec], count: int) -> Spec:
    """Names above the highest bars that no higher one stands near, within the drawing."""
    tops = _tops(records)
    names = {record["index"]: record["name"] for record in records}
    places = sorted(tops, key=lambda place: -tops[place])
    peaks = (
        place
        for rank, place in enumerate(places)
        if all(abs(place - higher) >= _APART * count for higher in places[:rank])
    )
    values = [
        {
            "index": place,
            "name": cut(names[place], _MOST_PEAK_NAME),
            "value": tops[place],
            "side": "left" if place < count / 5 else "right" if place > 4 * count / 5 else "center",
        }
        for place in islice(peaks, _MOST_PEAKS)
    ]
    mark = {"type": "text", "align": {"expr": "datum.side"}, "baseline": "bottom", "dy": -3}
    encoding = {"y": y, "text": {"field": "name"}}
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}
