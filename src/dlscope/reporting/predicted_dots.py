"""`predicted_dots`: what was predicted as a ring, what was achieved as a bar with its interval."""

from __future__ import annotations

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import numbered, texts, titled
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import color

_MOST_ROWS = 40
_HEIGHT = 26


def predicted_dots(
    table: Table, label: str, *, predicted: str, achieved: str, title: str = ""
) -> Figure:
    """A row for each of the table; both columns have one unit. Losses lie left of 0."""
    shown = display(table, range(min(len(table), _MOST_ROWS)))
    names = numbered(texts(shown, label))
    expected, got = pick(shown, predicted), pick(shown, achieved)
    records = [
        {
            "name": name,
            "predicted": before.number,
            "achieved": after.number,
            "lo": after.number if after.lo is None else after.lo,
            "hi": after.number if after.hi is None else after.hi,
        }
        for name, before, after in zip(names, expected.cells, got.cells, strict=True)
        if before.number is not None
    ]
    legend = [
        {"label": "predicted", "color": color("s3"), "shape": "circle"},
        {"label": "achieved", "color": color("s1"), "shape": "square"},
    ]
    body = _body([str(each["name"]) for each in records], titled(expected))
    spec = spec_of(records, body, left_out=len(table) - len(records), legend=legend)
    caption = "Ring: predicted from benchmarks; bar: achieved by running it, 95 % interval."
    return Figure(f"{table.name}_predicted", title or titled(expected), spec, table.name, caption)


def _body(names: list[str], title: str) -> Spec:
    y = {"field": "name", "type": "nominal", "sort": names, "title": None, "axis": {"grid": True}}
    x: Spec = {"type": "quantitative", "title": title, "scale": {"zero": True}}
    is_achieved = {"filter": "isValid(datum.achieved)"}
    band = {"type": "rule", "strokeWidth": 6, "opacity": 0.45, "color": color("s1")}
    tick = {"type": "tick", "thickness": 2, "size": 14, "color": color("s1")}
    ring = {"type": "point", "filled": False, "strokeWidth": 2, "color": color("s3"), "opacity": 1}
    zero = {"type": "rule", "color": color("ink-3"), "strokeWidth": 1}
    return {
        "height": _HEIGHT * max(len(names), 1) + 10,
        "layer": [
            {"mark": zero, "encoding": {"x": {"datum": 0}}},
            {
                "transform": [is_achieved],
                "mark": band,
                "encoding": {"x": {**x, "field": "lo"}, "x2": {"field": "hi"}, "y": y},
            },
            {
                "transform": [is_achieved],
                "mark": tick,
                "encoding": {"x": {**x, "field": "achieved"}, "y": y},
            },
            {"mark": ring, "encoding": {"x": {**x, "field": "predicted"}, "y": y}},
        ],
    }
