"""`stacked_bars`: what a whole is made of, one bar for each whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import display
from dlscope.reporting.picked import changing, column, first, heading, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import CONTEXT, SERIES, color

_MOST_PARTS = 4
_MOST_BARS = 30
_ROW_HEIGHT = 24
_OTHER = "other"


def stacked_bars(
    table: Table, labels: Sequence[str], part: str, value: str, *, title: str = ""
) -> Figure:
    """Bars from 0, one for each text of the columns `labels`, made of `value` by `part`.

    Of more than four parts the smallest are drawn together as `other`; at most 30 bars.
    """
    shown = display(table, range(min(len(table), MOST_MARKS)))
    names = texts(shown, *changing(shown, labels))
    parts, amounts = texts(shown, part), column(shown, value)
    kept = set(first(names, _MOST_BARS))
    cells = [
        (name, each, cell.number)
        for name, each, cell in zip(names, parts, amounts.cells, strict=True)
        if cell.number is not None and name in kept
    ]
    order = _parts(cells)
    records = list(_stacked(cells, order))
    body = {"layer": [_layer(titled(amounts), order)], "height": _ROW_HEIGHT * max(len(kept), 1)}
    legend = [{"label": each, "color": _hue(each, order), "shape": "square"} for each in order]
    spec = spec_of(records, body, left_out=len(table) - len(cells), legend=legend)
    top = title or heading(f"{amounts.header} by {column(shown, part).header}")
    return Figure(f"{table.name}_bars", top, spec, table.name)


def _parts(cells: Sequence[tuple[str, str, float]]) -> list[str]:
    """The parts in the order in which they first come; small ones are left to `other`."""
    totals: dict[str, float] = {}
    for _, part, amount in cells:
        totals[part] = totals.get(part, 0.0) + amount
    if len(totals) <= _MOST_PARTS:
        return list(totals)
    largest = set(sorted(totals, key=lambda part: -totals[part])[: _MOST_PARTS - 1])
    return [*(part for part in totals if part in largest), _OTHER]


def _stacked(
    cells: Sequence[tuple[str, str, float]], order: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    amounts: dict[str, dict[str, float]] = {}
    for name, part, amount in cells:
        bar = amounts.setdefault(name, {})
        key = part if part in order else _OTHER
        bar[key] = bar.get(key, 0.0) + amount
    for name, bar in amounts.items():
        end = 0.0
        for part in order:
            start, end = end, end + bar.get(part, 0.0)
            yield {"name": name, "part": part, "from": start, "to": end}


def _hue(part: str, order: Sequence[str]) -> str:
    return color(CONTEXT if part == _OTHER else SERIES[order.index(part)])


def _layer(x_title: str, order: Sequence[str]) -> Spec:
    x = {"field": "from", "type": "quantitative", "title": x_title, "axis": {"tickCount": 8}}
    hues = {"domain": list(order), "range": [_hue(part, order) for part in order]}
    return {
        "mark": {"type": "bar", "height": 14},
        "encoding": {
            "x": x,
            "x2": {"field": "to"},
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "color": {"field": "part", "type": "nominal", "scale": hues},
        },
    }
