"""`load_curve`: latency against the rate that was offered, and where a bound is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import column_scale, display
from dlscope.reporting.picked import changing, column, first, heading, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

_LOG_FROM_FACTOR = 20
_MOST_PANELS = 12
_HELD = ("holds", "good", "circle")
_BROKEN = ("does not hold", "bad", "cross")


def load_curve(
    table: Table,
    labels: Sequence[str],
    x: str,
    y: str,
    holds: str,
    *,
    bound: str | None = None,
    title: str = "",
) -> Figure:
    """A point for each row, ● where the column `holds` is true, ✕ where not.

    One panel for each text of the columns `labels`; a rule at the column `bound`. `y` is
    logarithmic over a factor of 20 and more.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 2)))
    names, across, up = texts(shown, *changing(shown, labels)), column(shown, x), column(shown, y)
    kept = first(names, _MOST_PANELS)
    limits = table.column(bound) if bound is not None else ()
    factor = column_scale(table, table.describe(y)).factor
    records = [
        {
            "panel": name,
            "x": place.number,
            "y": cell.number,
            "state": (_HELD if table.column(holds)[row] else _BROKEN)[0],
            "bound": _scaled(limits[row] if limits else None, factor),
        }
        for row, name, place, cell in zip(shown.rows, names, across.cells, up.cells, strict=True)
        if place.number is not None and cell.number is not None and name in kept
    ]
    body: dict[str, Any] = {"layer": _layers(titled(across), titled(up), records), "height": 200}
    if len(kept) > 1:
        body = {"facet": {"field": "panel", "type": "nominal", "sort": list(kept)}, "spec": body}
    legend = [{"label": n, "color": color(hue), "shape": shape} for n, hue, shape in _STATES]
    spec = spec_of(
        records, body, left_out=len(table) - len(records), legend=legend, panels=len(kept)
    )
    top = title or heading(f"{up.header} by {across.header}")
    caption = "Grey rule: the bound." if any(r["bound"] is not None for r in records) else ""
    return Figure(f"{table.name}_load", top, spec, table.name, caption)


_STATES = (_HELD, _BROKEN)


def _scaled(value: Any, factor: float) -> float | None:
    return None if value is None else float(value) * factor


def _layers(x_title: str, y_title: str, records: Sequence[Mapping[str, Any]]) -> list[Spec]:
    values = [v for r in records for v in (r["y"], r["bound"]) if v is not None]
    x: Spec = {"field": "x", "type": "quantitative", "title": x_title, "scale": {"zero": True}}
    y: Spec = {"field": "y", "type": "quantitative", "title": y_title, "scale": {"zero": True}}
    if values and min(values) > 0 and max(values) / min(values) >= _LOG_FROM_FACTOR:
        y |= {"scale": {"type": "log"}, "title": f"{y_title} (log)"}
    names = [name for name, _, _ in _STATES]
    hue = {
        "field": "state",
        "type": "nominal",
        "scale": {"domain": names, "range": [color(token) for _, token, _ in _STATES]},
    }
    shape = {**hue, "scale": {"domain": names, "range": [mark for _, _, mark in _STATES]}}
    limit = {"aggregate": "max", "field": "bound", "type": "quantitative"}
    layers: list[Spec] = [
        {
            "mark": {"type": "point", "opacity": 1},
            "encoding": {"x": x, "y": y, "color": hue, "shape": shape},
        },
    ]
    if any(record["bound"] is not None for record in records):
        rule = {"type": "rule", "color": color("ink-3"), "strokeWidth": 1}
        layers.insert(0, {"mark": rule, "encoding": {"y": {**y, **limit}}})
    return layers
