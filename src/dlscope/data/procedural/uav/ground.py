"""The ground from above: value noise between two colors, with roads, borders, bushes and rocks.

Everything is of whole numbers, so that a ground is the same on any processor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.classes import Split
from dlscope.data.procedural.uav.draws import generator
from dlscope.data.procedural.uav.figure import Color, darker
from dlscope.data.procedural.uav.sprite import Picture

TILE_SIZE = (432, 768)
GROUNDS: Mapping[Split, int] = MappingProxyType({"train": 150, "val": 60, "test": 60})
_KEPT_TILES = 320
_CELL_PX = 240
_WEIGHTS = (16, 8, 4, 2, 1)
_STRETCH = 1.8
_SHIFT = 4
_PALETTES: tuple[tuple[Color, Color], ...] = (
    ((62, 92, 44), (118, 142, 70)),  # grass
    ((176, 154, 112), (222, 204, 160)),  # sand
    ((24, 58, 84), (64, 112, 138)),  # water
    ((78, 78, 82), (122, 120, 118)),  # asphalt
    ((196, 202, 212), (238, 240, 244)),  # snow
    ((26, 44, 24), (70, 88, 46)),  # forest
    ((138, 124, 62), (184, 170, 92)),  # field
    ((84, 62, 44), (134, 104, 76)),  # soil
)
_ASPHALT, _TRACK, _MARK = (92.0, 92.0, 96.0), (150.0, 126.0, 94.0), (214.0, 212.0, 204.0)


def tile(seed: int, split: Split, number: int) -> Picture:
    """Ground `number` of a split, [432, 768, 3], made when it is first asked for; read only.

    Splits have different grounds; those of `unseen` are those of `test`.
    """
    return _tile(seed, "test" if split == "unseen" else split, number)


def tiles(split: Split) -> int:
    """How many grounds a split has."""
    return GROUNDS["test" if split == "unseen" else split]


def ground(draw: np.random.Generator, size: tuple[int, int]) -> Picture:
    """A ground of `size` (height, width): texture, perhaps a border to another, then details."""
    height_hw = _height(draw, size)
    picture = cv2.LUT(cv2.merge([height_hw] * 3), _colors(draw))
    if draw.random() < 0.3:
        other = cv2.LUT(cv2.merge([255 - height_hw] * 3), _colors(draw))
        is_other = _half(draw, size)
        picture[is_other] = other[is_other]
    _add_grain(draw, picture)
    for _ in range(draw.integers(0, 4)):
        _add_road(draw, picture)
    for _ in range(draw.integers(0, 26)):
        _add_bush(draw, picture)
    return np.asarray(picture)


@lru_cache(maxsize=_KEPT_TILES)
def _tile(seed: int, split: Split, number: int) -> Picture:
    made = ground(generator(seed, "ground", split, number), TILE_SIZE)
    made.flags.writeable = False
    return made


def _height(draw: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Five octaves of value noise, each twice as fine and half as strong."""
    height, width = size
    total = np.zeros(size, dtype=np.uint16)
    for octave, weight in enumerate(_WEIGHTS):
        cell = _CELL_PX >> octave
        grid = (height // cell + 2, width // cell + 2)
        values = draw.integers(0, 256, grid, dtype=np.uint8)
        # Linear, as the only way of OpenCV that promises the same bits everywhere.
        smooth = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR_EXACT)
        total += smooth * np.uint16(weight)
    return (total // sum(_WEIGHTS)).astype(np.uint8)


def _colors(draw: np.random.Generator) -> NDArray[np.uint8]:
    """The color [1, 256, 3] of each height, between the two of a palette."""
    dark, bright = _PALETTES[draw.integers(len(_PALETTES))]
    light, tint = draw.uniform(0.85, 1.15), draw.uniform(-8, 8, 3)
    heights = np.clip((np.arange(256) - 128) * _STRETCH / 255 + 0.5, 0, 1)[:, None]
    colors = (np.array(dark) * (1 - heights) + np.array(bright) * heights) * light + tint
    return np.clip(np.rint(colors), 0, 255).astype(np.uint8)[None]


def _half(draw: np.random.Generator, size: tuple[int, int]) -> NDArray[np.bool_]:
    """What is on one side of a straight line through the middle part."""
    height, width = size
    mask = np.zeros(size, dtype=np.uint8)
    x, y, angle = _line(draw, size)
    far = 2 * (height + width)
    along = np.array([math.cos(angle), math.sin(angle)]) * far
    across = np.array([-along[1], along[0]])
    start, end = np.array([x, y]) - along, np.array([x, y]) + along
    corners = np.rint([start, end, end + across, start + across]).astype(np.int32)
    cv2.fillPoly(mask, [corners], 1)
    return mask > 0


def _add_grain(draw: np.random.Generator, picture: Picture) -> None:
    most = int(draw.integers(4, 15))
    grain = cv2.merge([draw.integers(0, 2 * most + 1, picture.shape[:2], dtype=np.uint8)] * 3)
    cv2.add(picture, grain, dst=picture)
    cv2.subtract(picture, np.full_like(picture, most), dst=picture)


def _add_road(draw: np.random.Generator, picture: Picture) -> None:
    """A road or a track; a road may have a broken line in its middle."""
    x, y, angle = _line(draw, picture.shape[:2])
    is_track = draw.random() < 0.4
    thick = int(draw.integers(3, 14) if is_track else draw.integers(16, 48))
    has_marks = bool(draw.random() < 0.5) and not is_track
    shade = darker(_TRACK if is_track else _ASPHALT, draw.uniform(0.8, 1.25))
    far = sum(picture.shape[:2])
    way = (x, y, math.cos(angle), math.sin(angle))
    _add_stripe(picture, way, (-far, far), thick, shade)
    if has_marks:
        for start in range(-far, far, 40):
            _add_stripe(picture, way, (start, start + 18), 2, _MARK)


def _add_stripe(
    picture: Picture,
    way: tuple[float, float, float, float],
    ends: tuple[int, int],
    thick: int,
    color: Color,
) -> None:
    """A straight stripe from one distance to another along a way: a point and a direction.

    It is filled as a polygon: where a line ends outside, versions of OpenCV cut it differently.
    """
    x, y, cos, sin = way
    sides = ((ends[0], -1), (ends[1], -1), (ends[1], 1), (ends[0], 1))
    corners = [
        (x + along * cos - side * thick / 2 * sin, y + along * sin + side * thick / 2 * cos)
        for along, side in sides
    ]
    points = np.rint(np.array(corners) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(picture, [points], _whole(color), cv2.LINE_AA, _SHIFT)


def _add_bush(draw: np.random.Generator, picture: Picture) -> None:
    """A bush, a rock or a puddle: an ellipse darker or brighter than what is there."""
    height, width = picture.shape[:2]
    x, y = int(draw.integers(width)), int(draw.integers(height))
    radii = tuple(int(r) for r in draw.integers(3, 20, 2))
    factor = draw.uniform(0.4, 0.75) if draw.random() < 0.65 else draw.uniform(1.2, 1.6)
    red, green, blue = (float(channel) for channel in picture[y, x])
    color, turn = _whole(darker((red, green, blue), factor)), float(draw.integers(180))
    cv2.ellipse(picture, (x, y), radii, turn, 0, 360, color, cv2.FILLED, cv2.LINE_AA)


def _line(draw: np.random.Generator, size: tuple[int, int]) -> tuple[float, float, float]:
    """A point in the middle part and an angle."""
    height, width = size
    x, y = draw.uniform(0.15, 0.85) * width, draw.uniform(0.15, 0.85) * height
    return x, y, draw.uniform(0, math.pi)


def _whole(color: Color) -> tuple[int, int, int]:
    red, green, blue = color
    return round(red), round(green), round(blue)
