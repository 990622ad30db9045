"""Cars, trucks, boats and buildings, each as large as it is on average, in px."""

from __future__ import annotations

from dlscope.data.procedural.uav.figure import Figure, Part, box, darker, ellipse, polygon
from dlscope.data.procedural.uav.paint import DARK, GLASS, LIGHT, Paint

_RED, _YELLOW = (198.0, 36.0, 30.0), (236.0, 190.0, 40.0)


def car(number: int, paint: Paint) -> Figure:
    """From behind, from above at an angle, or from the side; every other one is an estate car."""
    is_long = number % 2 == 0
    view = number % 3
    if view == 0:
        return _car_from_behind(paint, is_long=is_long)
    if view == 1:
        return _car_from_above(paint, is_long=is_long).turned(38.0 if number % 4 < 2 else -52.0)
    return _car_from_the_side(paint, is_long=is_long)


def truck(number: int, paint: Paint) -> Figure:
    """A cab and a box, from behind or from above at an angle."""
    if number % 2:
        return Figure.of(
            box(DARK, 5, 38, 12, 48),
            box(DARK, 30, 38, 37, 48),
            box(paint.main, 2, 2, 40, 42),
            box(paint.shade, 6, 6, 36, 34),
            box(darker(paint.main, 0.8), 20, 6, 22, 34),
            box(_RED, 3, 36, 9, 40),
            box(_RED, 33, 36, 39, 40),
        )
    return Figure.of(
        box(paint.second, 0, 14, 20, 60),
        box(darker(paint.second, 1.25), 2, 16, 18, 58),
        box(DARK, 3, 11, 17, 15),
        box(paint.main, 1, 0, 19, 13),
        box(GLASS, 3, 2, 17, 6),
    ).turned(42.0)


def boat(number: int, paint: Paint) -> Figure:
    """A hull from above with its deck and cabin; every third one has a sail and a wake."""
    stern = 12.0 if number % 2 else 26.0
    hull = [(0, 30 - stern), (60, 6), (91, 30), (60, 54), (0, 30 + stern)]
    deck = [(6, 34 - stern), (58, 12), (80, 30), (58, 48), (6, 26 + stern)]
    parts = [polygon(LIGHT, *hull), polygon(paint.main, *deck)]
    if number % 3 == 0:
        parts += [
            ellipse(darker(paint.main, 0.7), 34, 30, 14, 10),
            polygon(paint.second, (20, 28), (66, 2), (54, 30)),
        ]
    else:
        parts += [
            box(LIGHT, 18, 20, 50, 40),
            box(GLASS, 44, 21, 51, 39),
            box(paint.second, 24, 25, 40, 35),
        ]
    return Figure.of(*parts).turned((-30.0, 24.0, -52.0, 40.0)[number % 4])


def building(number: int, paint: Paint) -> Figure:
    """A roof of two sides with a chimney, a flat one, or two wings."""
    if number % 3 == 0:
        wings = [box(paint.second, 0, 0, 24, 10), box(darker(paint.second, 0.75), 0, 10, 11, 22)]
        return Figure.of(*wings, box(LIGHT, 15, 3, 20, 7))
    roof: list[Part] = [box(paint.main, 0, 0, 24, 11), box(paint.shade, 0, 11, 24, 22)]
    if number % 3 == 1:
        return Figure.of(*roof, box(DARK, 16, 3, 20, 8), box(LIGHT, 0, 10, 24, 12))
    return Figure.of(
        box(paint.shade, 0, 0, 24, 22),
        box(darker(paint.second, 1.3), 2, 2, 22, 20),
        box(DARK, 5, 5, 10, 10),
        box(LIGHT, 13, 11, 19, 17),
    )


def _car_from_behind(paint: Paint, *, is_long: bool) -> Figure:
    top = 5.0 if is_long else 9.0
    return Figure.of(
        box(DARK, 3, 34, 10, 43),
        box(DARK, 30, 34, 37, 43),
        polygon(
            paint.main, (9, 0), (31, 0), (37, 16), (40, 22), (40, 38), (0, 38), (0, 22), (3, 16)
        ),
        polygon(GLASS, (11, top - 2), (29, top - 2), (33, 16), (7, 16)),
        box(paint.shade, 2, 30, 38, 37),
        box(_RED, 1, 23, 8, 28),
        box(_RED, 32, 23, 39, 28),
        box(LIGHT, 15, 25, 25, 29),
    )


def _car_from_above(paint: Paint, *, is_long: bool) -> Figure:
    end = 36.0 if is_long else 30.0
    return Figure.of(
        polygon(paint.main, (2, 0), (16, 0), (18, 4), (18, 40), (16, 43), (2, 43), (0, 40), (0, 4)),
        polygon(GLASS, (2, 12), (16, 12), (14, 18), (4, 18)),
        polygon(GLASS, (4, end), (14, end), (16, end + 4), (2, end + 4)),
        box(darker(paint.main, 1.2), 4, 18, 14, end),
        box(_YELLOW, 1, 0, 5, 2),
        box(_YELLOW, 13, 0, 17, 2),
        box(_RED, 1, 41, 5, 43),
        box(_RED, 13, 41, 17, 43),
    )


def _car_from_the_side(paint: Paint, *, is_long: bool) -> Figure:
    back = 38.0 if is_long else 33.0
    return Figure.of(
        polygon(
            paint.main, (10, 0), (back - 4, 0), (back, 16), (40, 17), (40, 34), (0, 34), (0, 18)
        ),
        polygon(GLASS, (11, 3), (20, 3), (20, 16), (5, 16)),
        polygon(GLASS, (22, 3), (back - 6, 3), (back - 3, 16), (22, 16)),
        box(paint.shade, 0, 28, 40, 34),
        ellipse(DARK, 9, 35, 6, 8),
        ellipse(DARK, 31, 35, 6, 8),
        ellipse(LIGHT, 9, 35, 2.4, 3.2),
        ellipse(LIGHT, 31, 35, 2.4, 3.2),
    )
