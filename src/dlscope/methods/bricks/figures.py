"""Figures of bricks: composed ÷ measured with its interval and its bracket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.charts import interval_dots
from dlscope.reporting.theme import color

_MOST_ROWS = 60


def ratio_dots(composed: Table, labels: Sequence[str]) -> Figure | None:
    """Composed ÷ measured of every row of the table `composition` that has both, None without any.

    A thin line behind each point goes from what bricks give that are timed over and over to what
    those of the walk give with the least that a session adds.
    """
    known = tuple(
        row
        for row, cells in zip(composed.rows, composed, strict=True)
        if cells["ratio"] is not None
    )
    if not known:
        return None
    table = Table(composed.name, composed.columns, known[:_MOST_ROWS], composed.title)
    figure = interval_dots(table, labels, "ratio", reference=1.0, title=_title(labels))
    spec = dict(figure.spec)
    pairs = zip(spec["data"]["values"], table, strict=True)
    spec["data"] = {"values": [{**record, **_bracket(row)} for record, row in pairs]}
    spec["layer"] = [_behind(spec["layer"][0]["encoding"]), *spec["layer"]]
    caption = "Point: estimate; thick: 95 % interval; thin: from hot to walk, see Bracket."
    return Figure(figure.name, figure.title, spec, figure.table, caption)


def _title(labels: Sequence[str]) -> str:
    by = " and ".join(labels[1:])
    return f"Composed ÷ measured by {by}" if by else "Composed ÷ measured"


def _bracket(row: Mapping[str, Any]) -> dict[str, float]:
    """The ratios that the ends of the bracket would give."""
    each = row["ratio"] / row["composed_ns"]
    ends = {"hot": row["hot_ns"], "walk": row["walk_ns"]}
    return {name: each * (row["composed_ns"] if ns is None else ns) for name, ns in ends.items()}


def _behind(encoding: Mapping[str, Any]) -> dict[str, Any]:
    x = {**encoding["x"], "field": "hot"}
    mark = {"type": "rule", "strokeWidth": 1, "color": color("ink-3")}
    return {"mark": mark, "encoding": {**encoding, "x": x, "x2": {"field": "walk"}}}
