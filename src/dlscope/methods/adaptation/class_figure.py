"""`gain_figure`: IoU of each class before and after, with the interval of what lies between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.report import Figure
from dlscope.core.table import Cell, Table
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import color

_ROW_HEIGHT = 22
_ROOM_PX = 8
_VERDICTS = {
    "shown": ("s1", "circle", "a gain is shown"),
    "not shown": ("s6", "square", "undecided"),
    "reversed": ("bad", "cross", "a loss is shown"),
    "one seed": ("s1", "circle", "one seed, no interval"),
}
"""Of each verdict its color, its sign in the legend, and how it is told there."""
_SEVERAL = (
    "; bar: 95 % interval of what lies between, over seeds. Where it covers the ring, a gain is "
    "not shown."
)
_ONE = ". One seed says nothing about how sure a difference is."


def gain_figure(gains: Table, told: str) -> Figure:
    """A ring for the source alone, a line for the best row, and the interval of its gain.

    `gains` is a table `gain_by_class`; the interval is that of the gain, set onto the ring.
    """
    records = [_record(row) for row in gains]
    x: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 100], "padding": _ROOM_PX},
        "title": "IoU on the target, %",
        "axis": {"tickCount": 6},
    }
    y: Spec = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {}}
    y["axis"] = {"grid": True}
    present = [name for name in _VERDICTS if any(each["verdict"] == name for each in records)]
    hue: Spec = {"field": "verdict", "type": "nominal"}
    hue["scale"] = {"domain": present, "range": [color(_VERDICTS[name][0]) for name in present]}
    band = {"type": "rule", "strokeWidth": 6, "opacity": 0.4}
    after = {"type": "tick", "thickness": 2, "size": 14, "opacity": 1}
    before = {"type": "point", "filled": False, "color": color("ink-2"), "opacity": 1}
    layers: list[Spec] = [
        {
            "mark": band,
            "encoding": {"x": {**x, "field": "lo"}, "x2": {"field": "hi"}, "y": y, "color": hue},
        },
        {"mark": before, "encoding": {"x": {**x, "field": "source"}, "y": y}},
        {"mark": after, "encoding": {"x": {**x, "field": "adapted"}, "y": y, "color": hue}},
    ]
    body = {"layer": layers, "height": _ROW_HEIGHT * max(len(records), 1) + 10}
    return Figure(
        "gain_by_class",
        f"IoU by class: the source alone, and {told}",
        spec_of(records, body, left_out=0, legend=_legend(present)),
        gains.name,
        f"Ring: the source alone; line: {told}{_ONE if present == ['one seed'] else _SEVERAL}",
    )


def _legend(verdicts: Sequence[str]) -> list[Mapping[str, str]]:
    return [
        {"label": told, "color": color(token), "shape": shape}
        for name, (token, shape, told) in _VERDICTS.items()
        if name in verdicts
    ]


def _record(row: Mapping[str, Cell]) -> dict[str, object]:
    source, gain = float(row["source"] or 0), float(row["gain"] or 0)
    lo, hi = (gain if row[end] is None else float(row[end] or 0) for end in ("lo", "hi"))
    return {
        "verdict": row["verdict"],
        "name": f"{row['kind']} · {row['class']}",
        "source": source,
        "adapted": row["adapted"],
        "lo": min(max(source + lo, 0.0), 100.0),
        "hi": min(max(source + hi, 0.0), 100.0),
    }
