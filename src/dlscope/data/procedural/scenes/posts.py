"""Poles along a street, and the lights and signs that stand on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlscope.data.procedural.scenes.palette import Palette
from dlscope.data.procedural.scenes.shapes import Shape, Thing, disc, facing, shape
from dlscope.data.procedural.scenes.street import Street
from dlscope.data.scene_classes import NAMES

POLE, LIGHT, SIGN = (NAMES.index(name) for name in ("pole", "traffic light", "traffic sign"))
_SIGN_CORNERS = (3, 4, 14)
_LAMPS = ((205.0, 40.0, 35.0), (210.0, 170.0, 40.0), (40.0, 165.0, 70.0))


def posts(street: Street, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
    """Two to five of them."""
    for _ in range(int(draw.integers(2, 6))):
        side = int(draw.choice((-1, 1)))
        across = street.curb(side) + side * draw.uniform(0.3, 0.9)
        ahead = draw.uniform(5, 32)
        kind = str(draw.choice(("pole", "light", "sign")))
        top = {"pole": draw.uniform(4, 8), "light": draw.uniform(2.6, 3.6), "sign": 2.4}[kind]
        half = draw.uniform(0.06, 0.11)
        stem = shape(facing(across - half, across + half, 0, top, ahead), palette.pole(), POLE)
        carried: list[Shape] = []
        if kind == "light":
            carried = _light(across, top, ahead, palette, draw)
        elif kind == "sign":
            carried = _sign(across, top, ahead, palette, draw)
        yield Thing(ahead, (stem, *carried))


def _light(
    across: float, top: float, ahead: float, palette: Palette, draw: np.random.Generator
) -> list[Shape]:
    half, height = draw.uniform(0.17, 0.22), draw.uniform(0.85, 1.05)
    box = facing(across - half, across + half, top, top + height, ahead)
    lit = int(draw.integers(3))
    lamp = disc(across, top + height * (5 - 2 * lit) / 6, ahead, 0.6 * half)
    return [shape(box, palette.light_box(), LIGHT), shape(lamp, _LAMPS[lit], None)]


def _sign(
    across: float, top: float, ahead: float, palette: Palette, draw: np.random.Generator
) -> list[Shape]:
    corners = int(draw.choice(_SIGN_CORNERS))
    turned = {3: np.pi / 2, 4: np.pi / 4, 14: 0.0}[corners]
    size = draw.uniform(0.36, 0.5)
    plate = disc(across, top + 0.2, ahead, size, corners=corners, turned=turned)
    inner = disc(across, top + 0.2, ahead, 0.45 * size, corners=corners, turned=turned)
    return [
        shape(plate, palette.sign(corners), SIGN),
        shape(inner, (232.0, 232.0, 228.0), None),
    ]
