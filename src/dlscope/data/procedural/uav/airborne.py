"""Drones, paragliders and whales, each as large as it is on average, in px."""

from __future__ import annotations

import math

from dlscope.data.procedural.uav.figure import Figure, Part, darker, ellipse, polygon, stroke
from dlscope.data.procedural.uav.paint import DARK, LIGHT, Paint

_WHALE = (58.0, 70.0, 84.0)


def drone(number: int, paint: Paint) -> Figure:
    """Four rotors on two arms, round a body with a lens."""
    ends = [(6.0, 5.0), (32.0, 5.0), (6.0, 25.0), (32.0, 25.0)]
    body = paint.main if number % 2 else DARK
    return Figure.of(
        stroke(body, ends[0], ends[3], 5),
        stroke(body, ends[1], ends[2], 5),
        *[ellipse(darker(LIGHT, 0.5), x, y, 6, 5) for x, y in ends],
        *[ellipse(paint.second, x, y, 3, 2.4) for x, y in ends],
        ellipse(darker(body, 1.2), 19, 15, 8 + number % 2, 7),
        ellipse(LIGHT, 19, 16, 2.4, 2.4),
    )


def paraglider(number: int, paint: Paint) -> Figure:
    """A canopy of cells in two colors, lines, and a pilot below."""
    cells = 7
    parts: list[Part] = [stroke(DARK, (x, 24), (31.5, 74), 1.8) for x in (4.0, 16.0, 47.0, 59.0)]
    for cell in range(cells):
        first, last = (_arc(place / cells) for place in (cell, cell + 1))
        color = paint.main if cell % 2 == number % 2 else darker(paint.second, 1.4)
        parts.append(polygon(color, first[0], last[0], last[1], first[1]))
    return Figure.of(
        *parts,
        polygon(darker(paint.main, 0.7), (26, 74), (37, 74), (36, 91), (27, 91)),
        ellipse(paint.skin, 31.5, 72, 4.5, 4.5),
    )


def whale(number: int, paint: Paint) -> Figure:
    """A back under water with fins and a fluke, and the breath over it."""
    del number, paint
    back = [(0.0, -48.0), (15.0, -36.0), (20.0, -12.0), (15.0, 14.0), (5.0, 38.0)]
    outline = [*back, *[(-x, y) for x, y in reversed(back)]]
    return Figure.of(
        polygon(darker(_WHALE, 0.8), (16, -18), (42, 4), (40, 10), (14, -2)),
        polygon(darker(_WHALE, 0.8), (-16, -18), (-42, 4), (-40, 10), (-14, -2)),
        polygon(_WHALE, *outline),
        polygon(darker(_WHALE, 1.4), *[(0.55 * x, 0.7 * y - 8) for x, y in outline]),
        polygon(_WHALE, (0, 34), (24, 48), (6, 46), (0, 43), (-6, 46), (-24, 48)),
        ellipse(LIGHT, 0, -34, 5, 4),
    ).turned(32.0)


def _arc(place: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The outer and the inner edge of the canopy at `place`, 0…1 from the left."""
    angle = math.pi * (1 - place)
    outer = (31.5 + 31.5 * math.cos(angle), 30 - 30 * math.sin(angle))
    return outer, (31.5 + 28 * math.cos(angle), 34 - 20 * math.sin(angle))
