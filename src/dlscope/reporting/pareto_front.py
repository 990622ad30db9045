"""`pareto_front`: designs by two figures that should both be small, and which method found them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.cells import Shown, column_scale, display
from dlscope.reporting.picked import column as pick
from dlscope.reporting.picked import first, heading, texts, titled
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import CONTEXT, color

Rule = tuple[float, str]
"""A limit in the unit of the column of `x`, and what it says."""

_LOG_FROM_FACTOR = 20
_HEIGHT = 320
_SIGHT = 1.5
_OTHERS = (("s4", "square"), (CONTEXT, "circle"), ("s3", "triangle-up"), ("s2", "diamond"))


def pareto_front(
    table: Table,
    x: str,
    y: str,
    *,
    method: str,
    subject: str,
    trained: str,
    chosen: str,
    rules: Sequence[Rule] = (),
    title: str = "",
    x_title: str = "",
) -> Figure:
    """A ring for each design of the method `subject`, a dot with its interval once it is `trained`.

    Designs of up to four other methods have a colour and a shape each. The dashed step is the front
    of the subject; the one that is `chosen` carries that word. `rules` are limits on `x`; those far
    from all points are only told. `x_title` stands at its axis, by default its header.
    """
    shown = display(table, range(min(len(table), MOST_MARKS // 2)))
    across, up, names = pick(shown, x), pick(shown, y), texts(shown, method)
    others = [name for name in first(names, len(_OTHERS) + 1) if name != subject][: len(_OTHERS)]
    records = [
        {
            "method": name,
            "x": place.number,
            "y": cell.number,
            "lo": _end(cell.lo, cell),
            "hi": _end(cell.hi, cell),
            "trained": table.column(trained)[row] is True,
            "chosen": table.column(chosen)[row] is True,
        }
        for row, name, place, cell in zip(shown.rows, names, across.cells, up.cells, strict=True)
        if place.number is not None and cell.number is not None and name in (subject, *others)
    ]
    own = [record for record in records if record["method"] == subject]
    front = _step(own)
    factor = column_scale(table, table.describe(x)).factor
    limits, beyond = _in_sight([(limit * factor, text) for limit, text in rules], records)
    below = f"{x_title}, {across.unit}" if x_title and across.unit else x_title or titled(across)
    axes = _axes(below, titled(up), records)
    layers = [
        *_other_layers(axes, others),
        *_front_layers(axes, front),
        *_own_layers(axes, subject, is_left=_is_left(records)),
        *_limit_layers(limits),
    ]
    legend = _legend(subject, others, has_trained=any(each["trained"] for each in own))
    body = {"layer": layers, "height": _HEIGHT}
    spec = spec_of(records, body, left_out=len(table) - len(records), legend=legend)
    top = title or heading(f"{up.header} against {across.header}")
    caption = "Lower left is better. Dashed: the front of the search; bars: 95 % interval."
    if beyond:
        caption += f" Off the figure: {', '.join(beyond)}."
    return Figure(f"{table.name}_front", top, spec, table.name, caption)


def _in_sight(
    limits: Sequence[tuple[float, str]], records: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[float, str]], list[str]]:
    """Limits near the points, and the words of those that would push all points into a corner."""
    places = [record["x"] for record in records]
    if not places:
        return [], [text for _, text in limits]
    low, high = min(places) / _SIGHT, max(places) * _SIGHT
    near = [each for each in limits if low <= each[0] <= high]
    return near, [text for place, text in limits if not low <= place <= high]


def _end(end: float | None, cell: Shown) -> float | None:
    return cell.number if end is None else end


def _step(records: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """The records that no other beats in both, from left to right."""
    best = float("inf")
    found: list[Spec] = []
    for record in sorted(records, key=lambda each: (each["x"], each["y"])):
        if record["y"] < best:
            best = record["y"]
            found.append({"x": record["x"], "y": record["y"]})
    return found


def _axes(x_title: str, y_title: str, records: Sequence[Mapping[str, Any]]) -> Spec:
    places = [record["x"] for record in records]
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": x_title,
        "scale": {"zero": False},
        "axis": {"tickCount": 8},
    }
    if places and min(places) > 0 and max(places) / min(places) >= _LOG_FROM_FACTOR:
        x |= {"scale": {"type": "log"}, "title": f"{x_title} (log)"}
    y: Spec = {"field": "y", "type": "quantitative", "title": y_title, "scale": {"zero": False}}
    return {"x": x, "y": y}


def _other_layers(axes: Spec, others: Sequence[str]) -> list[Spec]:
    """The last named lies lowest: a cloud of random designs must hide nothing."""
    return [
        {
            "transform": [{"filter": {"field": "method", "equal": name}}],
            "mark": {
                "type": "point",
                "shape": shape,
                "filled": hue == CONTEXT,
                "size": 14 if hue == CONTEXT else 42,
                "opacity": 0.8,
                "color": color(hue),
            },
            "encoding": axes,
        }
        for name, (hue, shape) in reversed(list(zip(others, _OTHERS, strict=False)))
    ]


def _front_layers(axes: Spec, front: Sequence[Spec]) -> list[Spec]:
    step = {
        "type": "line",
        "interpolate": "step-after",
        "strokeDash": [4, 3],
        "color": color("s1"),
    }
    return [{"data": {"values": list(front)}, "mark": step, "encoding": axes}] if front else []


def _is_left(records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what was chosen lies in the left half, where a word to its left would be cut."""
    places = [record["x"] for record in records]
    chosen = [record["x"] for record in records if record["chosen"]]
    return bool(chosen) and chosen[0] <= (min(places) + max(places)) / 2


def _own_layers(axes: Spec, subject: str, *, is_left: bool) -> list[Spec]:
    own = {"filter": {"field": "method", "equal": subject}}
    hue = color("s1")
    ring = {"type": "point", "filled": False, "strokeWidth": 1.6, "color": hue, "opacity": 1}
    dot = {"type": "point", "filled": True, "color": hue, "opacity": 1}
    bar = {"y": {**axes["y"], "field": "lo"}, "y2": {"field": "hi"}, "x": axes["x"]}
    side = {"align": "left", "dx": 8} if is_left else {"align": "right", "dx": -8}
    word = {"type": "text", **side, "dy": -8, "fontWeight": 600}
    trained, untrained = {"filter": "datum.trained"}, {"filter": "!datum.trained"}
    chosen = {"filter": "datum.chosen"}
    return [
        {"transform": [own, untrained], "mark": ring, "encoding": axes},
        {"transform": [own, trained], "mark": {"type": "rule", "color": hue}, "encoding": bar},
        {"transform": [own, trained], "mark": dot, "encoding": axes},
        {
            "transform": [own, chosen],
            "mark": {**word, "color": color("ink")},
            "encoding": {**axes, "text": {"value": "chosen"}},
        },
    ]


def _limit_layers(limits: Sequence[tuple[float, str]]) -> list[Spec]:
    layers: list[Spec] = []
    for place, text in limits:
        x = {"datum": place, "type": "quantitative"}
        rule = {"type": "rule", "color": color("s2"), "strokeWidth": 1.5}
        said = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "color": color("warn")}
        layers += [
            {"data": {"values": [{}]}, "mark": rule, "encoding": {"x": x}},
            {
                "data": {"values": [{"said": text}]},
                "mark": said,
                "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "said"}},
            },
        ]
    return layers


def _legend(subject: str, others: Sequence[str], *, has_trained: bool) -> list[Mapping[str, str]]:
    hue = color("s1")
    own: list[Mapping[str, str]] = [
        {"label": f"{subject}, not trained", "color": hue, "shape": "ring"}
    ]
    if has_trained:
        own.append({"label": "trained, 95 % interval", "color": hue, "shape": "circle"})
    marked = zip(others, _OTHERS, strict=False)
    return own + [
        {"label": name, "color": color(token), "shape": shape} for name, (token, shape) in marked
    ]
