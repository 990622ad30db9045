"""`roofline`: work per second against work per byte, under the ceilings that were measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlscope.core.errors import FigureError
from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.ceilings import axes_of, ceilings
from dlscope.reporting.cells import display
from dlscope.reporting.picked import changing, column, texts
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import CONTEXT, color
from dlscope.reporting.words import plain, plural

_LARGEST_AREA = 400
_MOST_POINTS = 600  # a path holds each point up to three times, the ceilings hold six
_NEAR = {"x": 0.09, "y": 0.05}
_IN_GFLOPS = {"GFLOP/s": 1.0, "flop/s": 1e-9}
_CLASSES = {"compute-bound": "s1", "memory-bound": "s2", "bound unknown": CONTEXT}


def roofline(
    table: Table,
    labels: Sequence[str],
    *,
    intensity: str,
    gflops: str,
    area: str,
    bound: str | None = None,
    joined: str | None = None,
    peak_gflops: float,
    bandwidth_gbytes: float,
    title: str = "Roofline",
) -> Figure:
    """Circles of `gflops` against `intensity` in FLOP/byte, both logarithmic, under the ceilings.

        attainable = min(peak_gflops, intensity · bandwidth_gbytes)     (Williams et al., 2009)

    The area of a circle is proportional to the column `area`; the column `bound` is true where
    memory is the limit. A line joins the points in the order of the column `joined` and names
    them by the columns `labels`. A row without intensity or rate has no point; of more than
    600 points those of the largest area are drawn. Raises `FigureError` where `gflops` is in
    neither GFLOP/s nor flop/s.
    """
    factor = _factor(table, gflops)
    xs, ys, sizes = (_positive(table, name) for name in (intensity, gflops, area))
    rows = [row for row, (x, y) in enumerate(zip(xs, ys, strict=True)) if x and y]
    kept = sorted(rows, key=lambda row: -sizes[row])[:_MOST_POINTS]  # small ones end up on top
    shown = display(table, kept)
    names = texts(shown, *changing(shown, labels))
    limits = table.column(bound) if bound is not None else (False,) * len(table)
    records: list[Spec] = [
        {"name": name, "x": xs[row], "y": ys[row] * factor, "area": sizes[row]}
        | {"class": _class(limits[row])}
        for row, name in zip(kept, names, strict=True)
    ]
    axes = axes_of(records, peak_gflops, bandwidth_gbytes)
    layers = ceilings(axes, peak_gflops, bandwidth_gbytes)
    if joined is not None:
        places = table.column(joined)
        layers += _path(records, [places[row] for row in kept], axes)
    layers.append(_points())
    used = {record["class"] for record in records} if bound is not None else ()
    legend = [
        {"label": name, "color": color(hue), "shape": "circle"}
        for name, hue in _CLASSES.items()
        if name in used
    ]
    body = {"encoding": axes, "layer": layers, "height": 300}
    spec = spec_of(records, body, left_out=len(rows) - len(kept), legend=legend)
    caption = f"Area: {column(shown, area).header}. Lines: measured ceilings."
    if len(rows) < len(table):
        listed = plural(len(table) - len(rows), "row")
        caption += f" Without intensity or rate, in the table only: {listed}."
    return Figure(f"{table.name}_roofline", title, spec, table.name, caption)


def _factor(table: Table, gflops: str) -> float:
    unit = table.describe(gflops).unit or "no unit"
    if unit not in _IN_GFLOPS:
        raise FigureError(
            f"a roofline needs GFLOP/s, but column {plain(gflops)} is in {plain(unit)}",
            where=f"table {plain(table.name)}",
            fix=f"give the column in {' or '.join(_IN_GFLOPS)}",
        )
    return _IN_GFLOPS[unit]


def _positive(table: Table, name: str) -> list[float]:
    """The cells of a column; 0 for those that have no place on a logarithmic axis."""
    cells = (cell if isinstance(cell, int | float) else 0.0 for cell in table.column(name))
    return [float(cell) if 0 < cell < math.inf else 0.0 for cell in cells]


def _class(is_memory_bound: object) -> str:
    compute, memory, unknown = _CLASSES
    return unknown if is_memory_bound is None else memory if is_memory_bound else compute


def _path(records: Sequence[Spec], places: Sequence[Any], axes: Spec) -> list[Spec]:
    """A line by rising place, those without one last, and the names of its corners."""
    ranks = sorted(range(len(records)), key=lambda i: (places[i] is None, places[i] or 0))
    corners = [{"rank": rank, **records[index]} for rank, index in enumerate(ranks)]
    order = {"field": "rank", "type": "quantitative"}
    line = {"type": "line", "color": color(CONTEXT)}
    text = {"type": "text", "align": "left", "dx": 9, "dy": 11}
    return [
        {"data": {"values": corners}, "mark": line, "encoding": {"order": order}},
        {
            "data": {"values": _apart(corners, axes)},
            "mark": text,
            "encoding": {"text": {"field": "name"}},
        },
    ]


def _apart(records: Sequence[Spec], axes: Spec) -> list[Spec]:
    """The first and the last record, and of the others those whose names do not collide."""
    spans = {
        axis: math.log(high / low)
        for axis, (low, high) in ((a, axes[a]["scale"]["domain"]) for a in ("x", "y"))
    }
    kept: list[Spec] = []
    for record in (*records[:1], *records[:0:-1]):
        is_free = all(
            any(abs(math.log(record[a] / other[a])) > _NEAR[a] * spans[a] for a in spans)
            for other in kept
        )
        if is_free:
            kept.append(record)
    return kept


def _points() -> Spec:
    said = "datum.name + ': ' + format(datum.x, '.3~r') + ' FLOP/byte, '"
    said += " + format(datum.y, '.3~r') + ' GFLOP/s, ' + datum.class"
    hues = {"domain": list(_CLASSES), "range": [color(hue) for hue in _CLASSES.values()]}
    size = {"zero": True, "range": [0, _LARGEST_AREA]}
    # The outline keeps a point visible whose area is next to nothing.
    mark = {"type": "circle", "opacity": 0.65, "strokeWidth": 1, "description": {"expr": said}}
    return {
        "mark": mark,
        "encoding": {
            "size": {"field": "area", "type": "quantitative", "scale": size},
            "color": {"field": "class", "type": "nominal", "scale": hues},
            "stroke": {"field": "class", "type": "nominal", "scale": hues},
        },
    }
