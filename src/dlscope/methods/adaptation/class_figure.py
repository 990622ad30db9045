"""`gain_figure`: IoU of each class before and after, with the interval of what lies between."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.report import Figure
from dlscope.core.table import Cell, Table
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import color

_ROW_HEIGHT = 22


def gain_figure(gains: Table, told: str) -> Figure:
    """A ring for the source alone, a bar across for the best row, and the interval of its gain.

    `gains` is a table `gain_by_class`; the interval is that of the gain, set onto the ring.
    """
    records = [_record(row) for row in gains]
    x: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "title": "IoU on the target, %",
        "axis": {"tickCount": 6},
    }
    y: Spec = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {}}
    y["axis"] = {"grid": True}
    band = {"type": "rule", "strokeWidth": 6, "opacity": 0.4, "color": color("s1")}
    after = {"type": "tick", "thickness": 2, "size": 14, "color": color("s1"), "opacity": 1}
    before = {"type": "point", "filled": False, "color": color("ink-2"), "opacity": 1}
    layers: list[Spec] = [
        {"mark": band, "encoding": {"x": {**x, "field": "lo"}, "x2": {"field": "hi"}, "y": y}},
        {"mark": before, "encoding": {"x": {**x, "field": "source"}, "y": y}},
        {"mark": after, "encoding": {"x": {**x, "field": "adapted"}, "y": y}},
    ]
    body = {"layer": layers, "height": _ROW_HEIGHT * max(len(records), 1) + 10}
    return Figure(
        "gain_by_class",
        f"IoU by class: the source alone, and {told}",
        spec_of(records, body, left_out=0),
        gains.name,
        f"Ring: the source alone; line: {told}; bar: 95 % interval of what lies between, over "
        "seeds. Where it covers the ring, a gain is not shown.",
    )


def _record(row: Mapping[str, Cell]) -> dict[str, object]:
    source, gain = float(row["source"] or 0), float(row["gain"] or 0)
    lo, hi = (gain if row[end] is None else float(row[end] or 0) for end in ("lo", "hi"))
    return {
        "name": f"{row['kind']} · {row['class']}",
        "source": source,
        "adapted": row["adapted"],
        "lo": min(max(source + lo, 0.0), 100.0),
        "hi": min(max(source + hi, 0.0), 100.0),
    }
