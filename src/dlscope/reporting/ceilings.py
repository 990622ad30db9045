"""The axes of a roofline, and the ceilings drawn on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlscope.core.units import format_number
from dlscope.reporting.spec import Spec
from dlscope.reporting.theme import color


def axes_of(records: Sequence[Spec], peak: float, bandwidth: float) -> Spec:
    """Both axes, with room for the records and for the names of the ceilings.

    `x` of a record is in FLOP/byte, `y` and `peak` are in GFLOP/s, `bandwidth` is in GB/s.
    """
    xs, ys = ([record[axis] for record in records] for axis in ("x", "y"))
    ridge = peak / bandwidth
    right = 1.5 * max([2 * ridge, *xs])
    left = min([ridge / 10, ridge * math.sqrt(ridge / right), *xs]) / 1.5
    low, high = min([left * bandwidth, *ys]) / 1.3, 1.8 * max([peak, *ys])
    x, y = _axis("arithmetic intensity, FLOP/byte", left, right), _axis("GFLOP/s", low, high)
    return {"x": {"field": "x", **x}, "y": {"field": "y", **y}}


def _axis(title: str, low: float, high: float) -> Spec:
    steps = (1,) if high > 300 * low else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    return {
        "type": "quantitative",
        "title": f"{title} (log)",
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {"values": [t for t in ticks if low <= t <= high], "format": ",~r"},
    }


def ceilings(axes: Spec, peak: float, bandwidth: float) -> list[Spec]:
    """The roof over `axes`, named above its right end and along its slope."""
    (left, right), (low, high) = (axes[axis]["scale"]["domain"] for axis in ("x", "y"))
    ridge, middle = peak / bandwidth, math.sqrt(left * peak / bandwidth)
    decades = math.log(right / left) / math.log(high / low)
    angle = {"expr": f"-atan(height / width * {decades:.6g}) * 180 / PI"}
    text: Spec = {"type": "text", "dy": -4, "baseline": "bottom"}
    level = {**text, "text": f"{format_number(float(peak))} GFLOP/s measured", "align": "right"}
    slope = {**text, "text": f"{format_number(float(bandwidth))} GB/s measured", "angle": angle}
    line = {"type": "line", "color": color("ink-2"), "strokeWidth": 1.2}
    roof = [(left, left * bandwidth), (ridge, peak), (right, peak)]
    parts = [(line, roof), (level, roof[2:]), (slope, [(middle, middle * bandwidth)])]
    return [
        {"data": {"values": [{"x": x, "y": y} for x, y in places]}, "mark": mark}
        for mark, places in parts
    ]
