"""Figures of single samples: their distribution, and their order of issue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlscope.core.report import Figure
from dlscope.core.units import Scale, format_number, scale_for
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import CONTEXT, color
from dlscope.reporting.words import plain

MOST_BINS = 120
_MEAN_POINTS = 400
Floats = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rule:
    """A percentile to mark in a histogram: its `name`, value and 95 % interval."""

    name: str
    value: float
    lo: float | None = None
    hi: float | None = None


def histogram(
    values: Sequence[float] | Floats,
    table: str,
    *,
    unit: str = "ns",
    rules: Sequence[Rule] = (),
    title: str = "Latency distribution",
) -> Figure:
    """Bars by the rule of Freedman and Diaconis, at most 120, with percentile rules above.

    `values` and `rules` are in `unit` and shown in the unit people read; `table` names the
    table that tells the same. Values beyond the last rule times 1.5 are counted in words
    instead of stretching the axis.
    """
    finite = _finite(values)
    scale = scale_for(unit, finite.tolist())
    last = max((rule.value for rule in rules if math.isfinite(rule.value)), default=math.inf)
    drawn = finite[finite <= last + abs(last) / 2] * scale.factor
    records = _bins(drawn) if len(drawn) else []
    x = _quantity("from", f"latency, {scale.unit}") | {"scale": {"zero": False, "nice": False}}
    bars: Spec = {
        "mark": {"type": "bar", "color": color(f"{CONTEXT}-soft"), "binSpacing": 0},
        "encoding": {
            "x": x,
            "x2": {"field": "to"},
            "y": _quantity("count", "queries"),
            "y2": {"datum": 0},
        },
    }
    layers = [bars, *(layer for rule in rules[:4] for layer in _percentile(rule, scale))]
    body = {"layer": layers, "height": 200}
    spec = spec_of(records, body, left_out=len(values) - len(drawn), noun="sample")
    caption = "Rules: percentiles; bands above: their 95 % intervals." if rules else ""
    return Figure(f"{table}_histogram", title, spec, table, caption)


def run_order(
    values: Sequence[float] | Floats,
    table: str,
    *,
    unit: str = "ns",
    window: int = 41,
    title: str = "In order of issue",
) -> Figure:
    """Values in the order of issue with their moving mean over `window` neighbours.

    `values` are in `unit` and shown in the unit people read. Over 1600 values only the least
    and greatest of each bucket are drawn.
    """
    scale = scale_for(unit, _finite(values).tolist())
    finite = [(i, float(v) * scale.factor) for i, v in enumerate(values) if math.isfinite(v)]
    points = _extremes(finite, MOST_MARKS - _MEAN_POINTS)
    x = _quantity("x", "query, in order of issue")
    y = _quantity("y", f"latency, {scale.unit}") | {"scale": {"zero": False}}
    dots = {"type": "point", "size": 6, "color": color(CONTEXT), "opacity": 0.7}
    line = {"type": "line", "color": color("s1")}
    layers: list[Spec] = [
        {"data": {"values": _pairs(part)}, "mark": mark, "encoding": {"x": x, "y": y}}
        for part, mark in ((points, dots), (_moving_mean(finite, window), line))
    ]
    left_out = len(values) - len(points)
    body = {"layer": layers, "height": 200}
    spec = spec_of([], body, left_out=left_out, noun="sample")
    caption = f"Line: moving mean of {window}." if len(finite) >= window else ""
    return Figure(f"{table}_run_order", title, spec, table, caption)


def _quantity(field: str, title: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": title}


def _finite(values: Sequence[float] | Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _bins(values: Floats) -> list[Spec]:
    """The bins that hold something: `from`, `to` and `count`."""
    counts, edges = np.histogram(values, _edges(values))
    return [
        {"from": float(edges[i]), "to": float(edges[i + 1]), "count": int(count)}
        for i, count in enumerate(counts)
        if count
    ]


def _edges(values: Floats) -> np.ndarray[Any, Any]:
    """Bin edges: width 2·IQR/n^⅓ (Freedman and Diaconis), between 1 and 120 bins."""
    low, high = float(values.min()), float(values.max())
    if high == low:
        half = max(abs(low) * 0.01, 1e-12)
        return np.array([low - half, low + half])
    upper, lower = np.percentile(values, [75, 25])
    width = 2 * float(upper - lower) / len(values) ** (1 / 3)
    bins = MOST_BINS if width <= 0 else math.ceil((high - low) / width)
    return np.linspace(low, high, min(max(bins, 1), MOST_BINS) + 1)


def _percentile(rule: Rule, scale: Scale) -> list[Spec]:
    value = rule.value * scale.factor
    at = {"datum": value}
    once: Spec = {"values": [{}]}  # else the rule is drawn over itself for every bar
    text = f"{plain(rule.name)} {format_number(value)}"
    layers: list[Spec] = [
        {
            "data": once,
            "mark": {"type": "rule", "color": color("s1")},
            "encoding": {"x": at},
        },
        {
            "data": once,
            "mark": {"type": "text", "text": text, "align": "left", "dx": 4, "y": 4},
            "encoding": {"x": at},
        },
    ]
    if rule.lo is not None and rule.hi is not None:
        band = {"type": "rule", "strokeWidth": 5, "opacity": 0.45, "color": color("s1"), "y": 14}
        layers.append(
            {
                "data": once,
                "mark": band,
                "encoding": {
                    "x": {"datum": rule.lo * scale.factor},
                    "x2": {"datum": rule.hi * scale.factor},
                },
            }
        )
    return layers


def _extremes(pairs: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """The least and the greatest of each bucket, so that at most `most` remain."""
    if len(pairs) <= most:
        return pairs
    kept: set[tuple[int, float]] = set()
    for bucket in np.array_split(np.arange(len(pairs)), most // 2):
        part = [pairs[int(i)] for i in bucket]
        kept |= {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
    return sorted(kept)


def _moving_mean(pairs: list[tuple[int, float]], window: int) -> list[tuple[int, float]]:
    if len(pairs) < window:
        return []
    values = np.array([value for _, value in pairs])
    means = np.convolve(values, np.ones(window) / window, mode="valid")
    step = math.ceil(len(means) / _MEAN_POINTS)
    half = window // 2
    return [(pairs[i + half][0], float(means[i])) for i in range(0, len(means), step)]


def _pairs(points: Iterable[tuple[int, float]]) -> list[Spec]:
    return [{"x": x, "y": y} for x, y in points]
