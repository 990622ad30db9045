"""What a scene is painted with: polygons with a class and a color, put together in space.

Metres as in `camera`. A detail such as a window has a color and no class: the label below it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from dlscope.data.procedural.scenes.camera import Points

Color: TypeAlias = tuple[float, float, float]
"""Red, green, blue, 0…255."""
_CORNERS = 14


@final
@dataclass(frozen=True)
class Shape:
    """Closed contours [N, 3] of one color; a contour within another is a hole."""

    contours: tuple[Points, ...]
    color: Color
    class_id: int | None


@final
@dataclass(frozen=True)
class Thing:
    """Shapes in the order in which they are painted, and how far away they are, m."""

    distance_m: float
    shapes: tuple[Shape, ...]


def facing(left: float, right: float, bottom: float, top: float, ahead: float) -> Points:
    """A rectangle that looks at the camera."""
    return np.array(
        [
            (left, bottom, ahead),
            (right, bottom, ahead),
            (right, top, ahead),
            (left, top, ahead),
        ]
    )


def along(across: float, bottom: float, top: float, near: float, far: float) -> Points:
    """A rectangle that stands beside the street, along it."""
    return np.array(
        [(across, bottom, far), (across, bottom, near), (across, top, near), (across, top, far)]
    )


def lying(left: float, right: float, near: float, far: float) -> Points:
    """A rectangle on the ground."""
    return np.array([(left, 0.0, far), (right, 0.0, far), (right, 0.0, near), (left, 0.0, near)])


def disc(
    across: float,
    up: float,
    ahead: float,
    radius: float | tuple[float, float],
    *,
    corners: int = _CORNERS,
    turned: float = 0.0,
) -> Points:
    """A circle, or an ellipse with two radii, that looks at the camera; few corners make signs."""
    wide, high = radius if isinstance(radius, tuple) else (radius, radius)
    angles = turned + 2 * np.pi * np.arange(corners) / corners
    return np.stack(
        [across + wide * np.cos(angles), up + high * np.sin(angles), np.full(corners, ahead)],
        axis=1,
    )


def standing_disc(across: float, up: float, ahead: float, radius: float) -> Points:
    """A circle that stands along the street, such as the wheel on the side of a car."""
    angles = 2 * np.pi * np.arange(_CORNERS) / _CORNERS
    return np.stack(
        [
            np.full(_CORNERS, across),
            up + radius * np.sin(angles),
            ahead + radius * np.cos(angles),
        ],
        axis=1,
    )


def shape(contours: Points | Sequence[Points], color: Color, class_id: int | None) -> Shape:
    """A shape of one contour, or of several."""
    each = (contours,) if isinstance(contours, np.ndarray) else tuple(contours)
    return Shape(each, color, class_id)


def from_far_to_near(things: Iterable[Thing]) -> list[Thing]:
    """`things` in the order in which a painter paints them."""
    return sorted(things, key=lambda thing: -thing.distance_m)


def shaded(color: Color, factor: float) -> Color:
    """A color darker or brighter by `factor`."""
    red, green, blue = (min(255.0, factor * each) for each in color)
    return red, green, blue
