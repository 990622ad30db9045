"""Which object an image shows, how large it is and where: as in the set of the contest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np

from dlscope.data.procedural.uav.classes import ObjectClass, Split, classes_of

_WIDE, _NARROW, _NARROW_RATIO, _GROWTH = 0.75, 0.45, 4.0, 1.05
_ASPECT, _SPREAD, _LARGEST, _LEAST_PX = 0.22, 0.16, 0.95, 5.0


@final
@dataclass(frozen=True)
class Kind:
    """A class and the number of one of its sub-categories."""

    object_class: ObjectClass
    number: int

    @property
    def name(self) -> str:
        """As the folders of the contest are named: `car12`."""
        return f"{self.object_class.name}{self.number}"


def drawn_kind(draw: np.random.Generator, split: Split) -> Kind:
    """A class by its share, a sub-category of it by chance."""
    classes, sums = _shares(split)
    chosen = classes[int(np.searchsorted(sums, draw.random() * sums[-1], side="right"))]
    numbers = chosen.numbers(split)
    return Kind(chosen, numbers[draw.integers(len(numbers))])


def drawn_sides(
    draw: np.random.Generator, kind: ObjectClass, size: tuple[int, int]
) -> tuple[float, float]:
    """Width and height in px of an image of `size` (height, width).

        area = 1.05 · mean · e^(σ z − σ²/2), drawn again outside of the class's range
        width / height = mean width / mean height · e^(0.22 z)

    σ is 0.75; 0.45 for a class whose largest area is at most four times its mean. Without the
    factor 61 % of the boxes are below 1 % of the image, more than the set of the contest can have.
    """
    height, width = size
    low, high = kind.areas
    sigma = _NARROW if high / kind.mean_area <= _NARROW_RATIO else _WIDE
    area = 0.0
    while not low <= area <= high:
        area = _GROWTH * kind.mean_area * math.exp(sigma * draw.standard_normal() - sigma**2 / 2)
    mean_width, mean_height = kind.mean_sides
    aspect = mean_width / mean_height * math.exp(_ASPECT * draw.standard_normal())
    pixels = area / 100 * height * width
    wide, high_px = math.sqrt(pixels * aspect), math.sqrt(pixels / aspect)
    return (
        min(_LARGEST * width, max(_LEAST_PX, wide)),
        min(_LARGEST * height, max(_LEAST_PX, high_px)),
    )


def drawn_middle(
    draw: np.random.Generator, sides: tuple[float, float], size: tuple[int, int]
) -> tuple[float, float]:
    """The middle (x, y) of a box: near that of the image, the box inside of it."""
    height, width = size
    x = draw.normal(width / 2, _SPREAD * width)
    y = draw.normal(height / 2, _SPREAD * height)
    half_width, half_height = sides[0] / 2 + 1, sides[1] / 2 + 1
    return (
        min(max(x, half_width), width - half_width),
        min(max(y, half_height), height - half_height),
    )


@lru_cache(maxsize=8)
def _shares(split: Split) -> tuple[tuple[ObjectClass, ...], np.ndarray]:
    classes = classes_of(split)
    return classes, np.cumsum([each.objects for each in classes])
