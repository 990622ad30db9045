"""`scene`: one image of a domain with its labels, told by seed, domain and index alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.data.procedural.scenes.atmosphere import sensed, sky, weathered, with_noise
from dlscope.data.procedural.scenes.camera import Camera
from dlscope.data.procedural.scenes.canvas import SCALE, Canvas, averaged, sampled
from dlscope.data.procedural.scenes.palette import Palette
from dlscope.data.procedural.scenes.posts import posts
from dlscope.data.procedural.scenes.shapes import from_far_to_near
from dlscope.data.procedural.scenes.street import Street
from dlscope.data.procedural.scenes.traffic import traffic
from dlscope.data.scene_classes import NAMES

Domain: TypeAlias = Literal["source", "target"]
DEFAULT_GAP = 0.55
LEAST_SIDE = 32
_DOMAINS: tuple[Domain, ...] = ("source", "target")


@final
@dataclass(frozen=True)
class Scene:
    """An image [H, W, 3], red first, and the id of training of each pixel [H, W]."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def scene(
    seed: int,
    domain: Domain,
    index: int,
    size: tuple[int, int] = (96, 192),
    *,
    gap: float = DEFAULT_GAP,
) -> Scene:
    """The scene `index` of a domain, of `size` (height, width).

    Streets have the same distribution in both domains; `gap` says how differently the target
    looks, from 0 for not at all to 1. Nothing but the arguments matters, so that any images can be
    made in any order. Raises `DataError` for a gap outside 0…1 and for sides below 32.
    """
    _require(size, gap)
    place = (seed, _DOMAINS.index(domain), index)
    layout, looks = (np.random.default_rng((*place, part)) for part in (0, 1))
    strength = gap if domain == "target" else 0.0
    camera = Camera.drawn((SCALE * size[0], SCALE * size[1]), layout)
    palette = Palette(looks, strength)
    canvas = Canvas(camera, sky(camera, palette, looks), NAMES.index("sky"))
    _paint(canvas, palette, layout)
    picture = weathered(canvas.picture, canvas.labels, camera, strength, looks)
    image = with_noise(averaged(sensed(picture, strength, looks)), strength, looks)
    return Scene(image, sampled(canvas.labels))


def _paint(canvas: Canvas, palette: Palette, layout: np.random.Generator) -> None:
    street = Street.drawn(layout)
    for shape in street.ground(palette):
        canvas.paint(shape)
    sides = list(street.sides(palette, layout))
    moving = [*traffic(street, palette, layout), *posts(street, palette, layout)]
    for thing in from_far_to_near([*sides, *moving]):
        for shape in thing.shapes:
            canvas.paint(shape)


def _require(size: tuple[int, int], gap: float) -> None:
    if not 0 <= gap <= 1:
        raise DataError(
            f"a gap of {gap} is not between 0 and 1",
            where="scenes",
            fix="use 0 for domains that look alike, 1 for those that look least alike",
        )
    if min(size) < LEAST_SIDE:
        raise DataError(
            f"images of {size[1]}x{size[0]} are too small",
            where="scenes",
            fix=f"use sides of at least {LEAST_SIDE} pixels",
        )
