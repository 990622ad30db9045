"""`Street`: the ground, and what stands along both sides of it.

terrain │ strip │ sidewalk │       road       │ sidewalk │ strip │ terrain
        └ houses, trees, walls and fences, from 80 m to 2 m
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from dlscope.data.procedural.scenes.palette import Palette
from dlscope.data.procedural.scenes.shapes import (
    Shape,
    Thing,
    along,
    disc,
    facing,
    lying,
    shaded,
    shape,
)
from dlscope.data.scene_classes import NAMES

ROAD, SIDEWALK, TERRAIN = (NAMES.index(name) for name in ("road", "sidewalk", "terrain"))
BUILDING, VEGETATION = NAMES.index("building"), NAMES.index("vegetation")
FARTHEST_M, NEAREST_M = 80.0, 2.0
_BEYOND_M, _HERE_M, _WIDE_M, _DEEP_M = 400.0, 0.6, 200.0, 14.0


@final
@dataclass(frozen=True)
class Street:
    """Widths in m; `middle` of the road is beside the camera, each side has a walk and a strip."""

    middle: float
    half_road: float
    walks: tuple[float, float]
    strips: tuple[float, float]

    @classmethod
    def drawn(cls, draw: np.random.Generator) -> Self:
        """A street whose sizes are drawn."""
        has_strip = draw.random(2) < 0.6
        strips = np.where(has_strip, draw.uniform(0, 4, 2), 0.0)
        left, right = draw.uniform(1.5, 3.5, 2).tolist()
        return cls(
            middle=draw.uniform(-1.5, 1.5),
            half_road=draw.uniform(3.2, 6),
            walks=(left, right),
            strips=(float(strips[0]), float(strips[1])),
        )

    def curb(self, side: int) -> float:
        """Where road and sidewalk meet; `side` is -1 on the left, 1 on the right."""
        return self.middle + side * self.half_road

    def walk_end(self, side: int) -> float:
        """Where the sidewalk ends."""
        return self.curb(side) + side * self.walks[side > 0]

    def edge(self, side: int) -> float:
        """Where what stands along the street begins."""
        return self.walk_end(side) + side * self.strips[side > 0]

    def ground(self, palette: Palette) -> list[Shape]:
        """Terrain, strips, sidewalks, the road and the lines on it."""
        wide = lying(-_WIDE_M, _WIDE_M, _HERE_M, _BEYOND_M)
        shapes = [shape(wide, palette.stuff("terrain"), TERRAIN)]
        for side in (-1, 1):
            ends = sorted((self.curb(side), self.walk_end(side)))
            walk = lying(ends[0], ends[1], _HERE_M, _BEYOND_M)
            shapes.append(shape(walk, palette.stuff("sidewalk", spread=0.04), SIDEWALK))
        road = lying(self.curb(-1), self.curb(1), _HERE_M, _BEYOND_M)
        shapes.append(shape(road, palette.stuff("road"), ROAD))
        marks = [lying(self.middle - 0.08, self.middle + 0.08, z, z + 3) for z in range(2, 80, 7)]
        shapes.append(shape(marks, shaded(palette.stuff("road"), 1.9), None))
        return shapes

    def sides(self, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
        """What stands along both sides."""
        for side in (-1, 1):
            far = FARTHEST_M
            while far > NEAREST_M:
                near = max(far - draw.uniform(8, 20), NEAREST_M)
                kind = draw.choice(("building", "vegetation", "low"), p=(0.55, 0.25, 0.20))
                place = _Segment(side, self.edge(side), near, far)
                yield Thing(near + 0.01, tuple(_STANDING[str(kind)](place, palette, draw)))
                far = near


@final
@dataclass(frozen=True)
class _Segment:
    side: int
    edge: float
    near: float
    far: float

    def front(self, top: float, bottom: float = 0.0) -> tuple[float, float, float, float, float]:
        """The end of a block of this segment that looks at the camera, for `facing`."""
        left, right = sorted((self.edge, self.edge + self.side * _DEEP_M))
        return left, right, bottom, top, self.near


def _building(place: _Segment, palette: Palette, draw: np.random.Generator) -> Iterator[Shape]:
    height = draw.uniform(5, 18)
    color = palette.stuff("building", spread=0.25)
    yield shape(facing(*place.front(height)), shaded(color, 0.85), BUILDING)
    yield shape(along(place.edge, 0, height, place.near, place.far), color, BUILDING)
    panes = [
        along(place.edge, up, up + 1.5, ahead, ahead + 1.2)
        for ahead in np.arange(place.near + 1, place.far - 1.4, 2.6)
        for up in np.arange(1.2, height - 1.8, 3.0)
    ]
    if panes:
        yield shape(panes, palette.window(), None)


def _trees(place: _Segment, palette: Palette, draw: np.random.Generator) -> Iterator[Shape]:
    color = palette.stuff("vegetation", spread=0.1)
    hedge = along(place.edge, 0, draw.uniform(0.6, 1.4), place.near, place.far)
    yield shape(hedge, shaded(color, 0.8), VEGETATION)
    for ahead in sorted(draw.uniform(place.near, place.far, int(draw.integers(2, 6))))[::-1]:
        radius, up = draw.uniform(1.2, 2.6), draw.uniform(2.4, 4.2)
        across = place.edge + place.side * draw.uniform(0, 2.5)
        trunk = facing(across - 0.14, across + 0.14, 0, up, ahead)
        yield shape(trunk, shaded(color, 0.55), VEGETATION)
        crown = disc(across, up + 0.4, ahead, (radius, radius * draw.uniform(0.8, 1.2)))
        yield shape(crown, palette.stuff("vegetation", spread=0.15), VEGETATION)


def _low(place: _Segment, palette: Palette, draw: np.random.Generator) -> Iterator[Shape]:
    name = str(draw.choice(("wall", "fence")))
    height = draw.uniform(1.2, 2.4)
    color = palette.stuff(name, spread=0.08)
    front = along(place.edge, 0, height, place.near, place.far)
    yield shape(front, color, NAMES.index(name))
    if name == "fence":
        bars = [
            along(place.edge, 0.1, height - 0.1, ahead, ahead + 0.12)
            for ahead in np.arange(place.near + 0.2, place.far - 0.2, 0.5)
        ]
        yield shape(bars, shaded(color, 0.6), None)


_STANDING = {"building": _building, "vegetation": _trees, "low": _low}
