"""`Figure`: an object as coloured polygons, painted one over the other.

Points are [N, 2], x to the right and y downwards. A figure is drawn in any unit: it is stretched
to its box when it is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Color: TypeAlias = tuple[float, float, float]
"""Red, green and blue, 0…255."""
Points: TypeAlias = NDArray[np.float64]
_ROUND = 18


@final
@dataclass(frozen=True)
class Part:
    """One polygon, or a stroke of it, in one color."""

    points_n2: Points
    color: Color


@final
@dataclass(frozen=True)
class Figure:
    """Parts from the back to the front; their points one after another, with their ends."""

    points_n2: Points
    ends: tuple[int, ...]
    colors: tuple[Color, ...]

    @classmethod
    def of(cls, *parts: Part) -> Figure:
        """The figure of these parts."""
        ends = np.cumsum([len(each.points_n2) for each in parts])
        return cls(
            np.concatenate([each.points_n2 for each in parts]),
            tuple(int(end) for end in ends),
            tuple(each.color for each in parts),
        )

    def turned(self, degrees: float, *, mirrored: bool = False) -> Figure:
        """Turned about the origin, clockwise as it is seen; mirrored left to right before."""
        angle = math.radians(degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        side = -1.0 if mirrored else 1.0
        matrix = np.array([[side * cos, side * sin], [-sin, cos]])
        return Figure(self.points_n2 @ matrix, self.ends, self.colors)

    def filling(self, width: float, height: float) -> Figure:
        """Stretched so that it fills a box of `width` × `height` about the origin."""
        low, high = self.points_n2.min(axis=0), self.points_n2.max(axis=0)
        scale = np.array([width, height]) / (high - low)
        return Figure((self.points_n2 - (low + high) / 2) * scale, self.ends, self.colors)

    def at(self, x: float, y: float, scale: float = 1.0) -> Figure:
        """Scaled about the origin, then moved."""
        return Figure(self.points_n2 * scale + np.array([x, y]), self.ends, self.colors)

    def shifted(self, *channels: float) -> Figure:
        """With every color changed by as much, within 0…255."""
        return Figure(self.points_n2, self.ends, tuple(_moved(c, channels) for c in self.colors))

    def parts(self) -> Sequence[tuple[Points, Color]]:
        """The points and the color of each part."""
        starts = (0, *self.ends[:-1])
        return [
            (self.points_n2[start:end], color)
            for start, end, color in zip(starts, self.ends, self.colors, strict=True)
        ]


def polygon(color: Color, *corners: tuple[float, float]) -> Part:
    """A polygon by its corners."""
    return Part(np.array(corners, dtype=np.float64), color)


def box(color: Color, left: float, top: float, right: float, bottom: float) -> Part:
    """A rectangle by its sides."""
    return polygon(color, (left, top), (right, top), (right, bottom), (left, bottom))


def ellipse(color: Color, x: float, y: float, across: float, down: float) -> Part:
    """An ellipse by its middle and its two radii."""
    return Part(_circle() * np.array([across, down]) + np.array([x, y]), color)


def stroke(
    color: Color, start: tuple[float, float], end: tuple[float, float], thick: float
) -> Part:
    """A straight line of some thickness."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    across, down = thick / 2 * (y0 - y1) / length, thick / 2 * (x1 - x0) / length
    return polygon(
        color,
        (x0 + across, y0 + down),
        (x1 + across, y1 + down),
        (x1 - across, y1 - down),
        (x0 - across, y0 - down),
    )


def darker(color: Color, share: float) -> Color:
    """The color at `share` of its brightness; above 1 it is brighter, up to white."""
    red, green, blue = (min(255.0, share * channel) for channel in color)
    return red, green, blue


@lru_cache(maxsize=1)
def _circle() -> Points:
    angles = [2 * math.pi * step / _ROUND for step in range(_ROUND)]
    return np.array([(math.cos(angle), math.sin(angle)) for angle in angles])


def _moved(color: Color, channels: Sequence[float]) -> Color:
    red, green, blue = (
        min(255.0, max(0.0, channel + by)) for channel, by in zip(color, channels, strict=True)
    )
    return red, green, blue
