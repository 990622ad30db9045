"""People on foot, on wheels, on water and on a horse, each as large as on average, in px."""

from __future__ import annotations

import numpy as np

from dlscope.data.procedural.uav.figure import Figure, Part, box, darker, ellipse, polygon, stroke
from dlscope.data.procedural.uav.paint import DARK, LIGHT, Paint

_HORSE = (116.0, 70.0, 38.0)


def person(number: int, paint: Paint) -> Figure:
    """Somebody who stands, walks or waves, with a rucksack or a hat now and then."""
    return Figure.of(*_person(number, paint))


def group(number: int, paint: Paint) -> Figure:
    """Two or three people one behind the other, in different colors."""
    parts: list[Part] = []
    for place in range(2 + number % 2):
        colors = Paint.of(3 * number + place, 0.2 + 0.3 * place)
        colors = Paint(paint.main, colors.second, colors.skin) if place == 0 else colors
        x, y = (14.0 if place % 2 else 0.0), 44.0 * place
        parts += [
            Part(part.points_n2 + np.array([x, y]), part.color)
            for part in _person(number + place, colors)
        ]
    return Figure.of(*parts)


def riding(number: int, paint: Paint) -> Figure:
    """Somebody on a bicycle, or on a motorcycle with its fairing, seen at an angle."""
    lean = (number % 3 - 1) * 3.0
    wheels = [ellipse(DARK, 14, 52, 6, 14), ellipse(DARK, 24, 40, 5, 12)]
    if number % 2:
        frame = [
            ellipse(darker(LIGHT, 0.7), 14, 52, 2.5, 8),
            stroke(paint.second, (14, 50), (24, 38), 4),
            stroke(DARK, (4, 34), (26, 30), 3),
        ]
    else:
        frame = [
            polygon(paint.second, (7, 34), (30, 30), (30, 48), (20, 56), (8, 52)),
            box(LIGHT, 10, 38, 17, 44),
            stroke(DARK, (2, 32), (34, 29), 4),
        ]
    return Figure.of(
        *wheels,
        *frame,
        stroke(paint.main, (16 + lean, 18), (6, 33), 5),
        stroke(paint.main, (26 + lean, 18), (33, 31), 5),
        polygon(paint.main, (13 + lean, 12), (29 + lean, 12), (30, 36), (14, 36)),
        stroke(darker(paint.second, 0.6), (17, 34), (11, 50), 6),
        stroke(darker(paint.second, 0.6), (27, 34), (30, 48), 6),
        ellipse(paint.skin if number % 4 == 1 else LIGHT, 21 + lean, 6, 6, 6),
    )


def wakeboard(number: int, paint: Paint) -> Figure:
    """Somebody who leans back on a board, in the foam of it."""
    spray = 1.0 + 0.2 * (number % 2)
    return Figure.of(
        ellipse(LIGHT, 8, 22, 8.5 * spray, 3),
        polygon(paint.second, (0, 20), (15, 22), (16, 24.5), (1, 23)),
        stroke(darker(paint.main, 0.6), (9, 13), (5, 21), 3),
        stroke(darker(paint.main, 0.6), (10, 13), (11, 22), 3),
        polygon(paint.main, (9, 4), (14, 5), (12, 14), (7, 14)),
        stroke(paint.skin, (12, 7), (17, 10), 2),
        ellipse(paint.skin, 12, 2.6, 2.6, 2.6),
    )


def horseride(number: int, paint: Paint) -> Figure:
    """A horse from the side and who rides it."""
    coat = darker(_HORSE, 1.0 + 0.4 * (number % 2))
    legs = [
        stroke(darker(coat, 0.6), (x, 16), (x + lean, 26), 2.6)
        for x, lean in ((5, -2.0), (8, 1.0), (18, -1.0), (21, 2.0))
    ]
    return Figure.of(
        *legs,
        stroke(darker(coat, 0.5), (4, 13), (1, 20), 2),
        ellipse(coat, 13, 14, 10, 4.4),
        polygon(coat, (19, 13), (23, 5), (26, 6), (22, 15)),
        polygon(coat, (23, 4), (29, 8), (28, 10), (23, 8)),
        stroke(darker(paint.main, 0.6), (13, 10), (14, 18), 3),
        polygon(paint.main, (10, 4), (15, 4), (15, 12), (10, 12)),
        ellipse(paint.skin, 12.5, 2, 2.4, 2.4),
    )


def _person(number: int, paint: Paint) -> list[Part]:
    stride = (2.0, 5.0, 8.0)[number % 3]
    trousers = paint.second
    parts = [
        stroke(trousers, (11, 40), (14 - stride, 71), 8),
        stroke(darker(trousers, 0.8), (18, 40), (15 + stride, 71), 8),
        stroke(darker(paint.main, 0.85), (7, 16), (2.5, 40), 5),
        stroke(darker(paint.main, 0.85), (22, 16), *_hand(number)),
        polygon(paint.main, (6, 13), (23, 13), (22, 43), (7, 43)),
    ]
    if number % 5 == 0:
        parts.append(box(darker(paint.second, 1.3), 9, 17, 20, 34))
    parts.append(ellipse(paint.skin, 14.5, 7, 6.5, 7))
    hat = darker(paint.second, 0.7) if number % 4 else DARK
    parts.append(polygon(hat, (8, 5), (10, 0), (19, 0), (21, 5)))
    return parts


def _hand(number: int) -> tuple[tuple[float, float], float]:
    """Where the other arm ends, and how thick it is."""
    return ((27.0, 2.0), 4.5) if number % 7 == 3 else ((26.5, 40.0), 5.0)
