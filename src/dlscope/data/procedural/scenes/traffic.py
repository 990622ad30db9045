"""What moves on a street: cars, trucks, buses and trains, motorcycles and bicycles, people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.data.procedural.scenes.palette import Palette
from dlscope.data.procedural.scenes.shapes import (
    Color,
    Shape,
    Thing,
    along,
    disc,
    facing,
    shaded,
    shape,
    standing_disc,
)
from dlscope.data.procedural.scenes.street import Street
from dlscope.data.scene_classes import NAMES

PERSON, RIDER = NAMES.index("person"), NAMES.index("rider")
CAR, TRUCK, BUS, TRAIN = (NAMES.index(name) for name in ("car", "truck", "bus", "train"))
_TIRE: Color = (28.0, 28.0, 30.0)
_PARKED_EVERY_M, _PARKED_SHARE = 6.5, 0.6


@final
@dataclass(frozen=True)
class _Body:
    """Width, height, length in m, and the share of the height above which there are windows."""

    width: float
    height: float
    length: float
    sill: float


_BODIES: Mapping[int, _Body] = {
    CAR: _Body(1.8, 1.5, 4.2, 0.55),
    TRUCK: _Body(2.5, 3.3, 8.0, 0.72),
    BUS: _Body(2.5, 3.1, 11.0, 0.45),
    TRAIN: _Body(2.9, 3.7, 22.0, 0.5),
}


def traffic(street: Street, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
    """All that moves, in no order."""
    lanes = [street.middle + side * 0.5 * street.half_road for side in (-1, 1)]
    for _ in range(int(draw.integers(1, 5))):
        across = float(draw.choice(lanes)) + draw.uniform(-0.4, 0.4)
        yield _vehicle(CAR, across, draw.uniform(6, 55), palette, draw)
    yield from _parked(street, palette, draw)
    for class_id, share in ((TRUCK, 0.30), (BUS, 0.30)):
        if draw.random() < share:
            yield _vehicle(class_id, float(draw.choice(lanes)), draw.uniform(9, 45), palette, draw)
    if draw.random() < 0.22:
        side = int(draw.choice((-1, 1)))
        across = street.curb(side) - side * 1.6
        yield _vehicle(TRAIN, across, draw.uniform(10, 40), palette, draw)
    yield from _two_wheeled(street, palette, draw)
    yield from _people(street, palette, draw)


def _parked(street: Street, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
    for side in (-1, 1):
        if draw.random() < 0.5:
            across = street.curb(side) - side * 1.0
            for ahead in np.arange(draw.uniform(5, 9), 60, _PARKED_EVERY_M):
                if draw.random() < _PARKED_SHARE:
                    yield _vehicle(CAR, across, float(ahead), palette, draw)


def _vehicle(
    class_id: int, across: float, near: float, palette: Palette, draw: np.random.Generator
) -> Thing:
    """A box with a front, the side that can be seen, wheels and windows."""
    body, color = _BODIES[class_id], palette.vehicle(class_id)
    taller = draw.uniform(1.2, 1.35)
    is_van = class_id == CAR and draw.random() < 0.5 and palette.takes_other()
    top = body.height * draw.uniform(0.94, 1.06) * (taller if is_van else 1.0)
    left, right = across - body.width / 2, across + body.width / 2
    side, far = (right if across < 0 else left), near + body.length
    sill, glass = body.sill * top, palette.window()
    shapes: list[Shape] = [
        shape(along(side, 0.25, top, near, far), shaded(color, 0.8), class_id),
        shape(
            [standing_disc(side, 0.33, ahead, 0.33) for ahead in (near + 0.8, far - 0.9)],
            _TIRE,
            class_id,
        ),
        shape(along(side, sill, 0.92 * top, near + 0.3, far - 0.4), shaded(glass, 0.9), None),
        shape(
            [facing(x, x + 0.24, 0, 0.5, near + 0.05) for x in (left + 0.05, right - 0.29)],
            _TIRE,
            class_id,
        ),
        shape(facing(left, right, 0.25, top, near), color, class_id),
        shape(facing(left + 0.15, right - 0.15, sill, 0.92 * top, near), glass, None),
    ]
    return Thing(near, tuple(shapes))


def _two_wheeled(street: Street, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
    for name, share in (("motorcycle", 0.5), ("bicycle", 0.65)):
        for _ in range(2):
            if draw.random() < share:
                side = int(draw.choice((-1, 1)))
                across = street.curb(side) - side * draw.uniform(-1.0, 1.6)
                has_rider = draw.random() < 0.65
                yield _cycle(
                    NAMES.index(name), across, draw.uniform(5, 26), has_rider, palette, draw
                )


def _cycle(
    class_id: int,
    across: float,
    ahead: float,
    has_rider: bool,
    palette: Palette,
    draw: np.random.Generator,
) -> Thing:
    """Two wheels, seen more or less from the side, with a frame between; maybe somebody on it."""
    color = palette.vehicle(class_id)
    is_heavy = NAMES[class_id] == "motorcycle"
    radius, half = (0.32, 0.68) if is_heavy else (0.34, 0.52)
    half *= draw.uniform(0.45, 1.0)
    wheels = [disc(across + end * half, radius, ahead, (radius, radius)) for end in (-1, 1)]
    hub = 0.45 if is_heavy else 0.74
    holes = [disc(across + end * half, radius, ahead, hub * radius) for end in (-1, 1)]
    thick = 0.22 if is_heavy else 0.06
    frame = facing(across - half, across + half, radius, radius + 0.30 + thick, ahead)
    bar = facing(across + half - 0.1, across + half, radius, 1.05, ahead)
    shapes = [
        shape([*wheels, *holes], _TIRE, class_id),
        shape(frame if is_heavy else _thin_frame(across, half, radius, ahead), color, class_id),
        shape(bar, color, class_id),
    ]
    if has_rider:
        shapes.extend(_figure(RIDER, across, ahead, 0.75, 1.0, palette, is_sitting=True))
    return Thing(ahead, tuple(shapes))


def _thin_frame(across: float, half: float, radius: float, ahead: float) -> list[np.ndarray]:
    """The tubes of a bicycle: a triangle with a hole."""
    outer = [(across - half, radius), (across + half, radius + 0.45), (across - 0.1, 0.95)]
    middle = np.mean(outer, axis=0)
    inner = [tuple(middle + 0.68 * (np.array(point) - middle)) for point in outer]
    return [np.array([(x, y, ahead) for x, y in points]) for points in (outer, inner)]


def _people(street: Street, palette: Palette, draw: np.random.Generator) -> Iterator[Thing]:
    for _ in range(int(draw.integers(1, 6))):
        side = int(draw.choice((-1, 1)))
        left, right = sorted((street.curb(side), street.walk_end(side)))
        across = draw.uniform(left, right)
        yield _person(across, draw.uniform(4.5, 30), palette, draw)
    if draw.random() < 0.3:
        across = draw.uniform(street.curb(-1), street.curb(1))
        yield _person(across, draw.uniform(7, 30), palette, draw)


def _person(across: float, ahead: float, palette: Palette, draw: np.random.Generator) -> Thing:
    scale = draw.uniform(0.9, 1.08)
    return Thing(ahead, tuple(_figure(PERSON, across, ahead, 0.0, scale, palette)))


def _figure(
    class_id: int,
    across: float,
    ahead: float,
    ground: float,
    scale: float,
    palette: Palette,
    *,
    is_sitting: bool = False,
) -> list[Shape]:
    """Legs, body and head, 1.72 m · `scale` high; who sits has short legs."""
    above, below = palette.clothes(class_id)
    hip = ground + (0.25 if is_sitting else 0.85) * scale
    shoulder, crown = hip + 0.58 * scale, hip + 0.87 * scale
    legs = [
        facing(across + x * scale, across + (x + 0.15) * scale, ground, hip, ahead)
        for x in (-0.18, 0.03)
    ]
    body = facing(across - 0.24 * scale, across + 0.24 * scale, hip - 0.05, shoulder, ahead)
    head = disc(across, crown - 0.13 * scale, ahead, (0.11 * scale, 0.14 * scale))
    return [
        shape(legs, below, class_id),
        shape(body, above, class_id),
        shape(head, palette.skin(), class_id),
    ]
