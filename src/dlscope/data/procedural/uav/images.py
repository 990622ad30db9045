"""`UavImages`: images with one object each, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.classes import Split, require_split
from dlscope.data.procedural.uav.draws import generator, require_size, require_whole
from dlscope.data.procedural.uav.figure import Figure
from dlscope.data.procedural.uav.ground import tile, tiles
from dlscope.data.procedural.uav.light import Light, one_thread
from dlscope.data.procedural.uav.looks import look
from dlscope.data.procedural.uav.placing import drawn_kind, drawn_middle, drawn_sides
from dlscope.data.procedural.uav.sprite import Picture, PixelBox, lay, mean_color, sprite
from dlscope.data.uav_image import Box, UavImage

SIZE = (360, 640)
_TILT_DEGREES, _TINT = 8.0, 14.0
_SHADOW_PX, _SHADOW_DARK = 6, (60, 150)
_LEAST_CONTRAST, _PUSH = 60, 70.0


@final
class UavImages:
    """`count` images of a split; each follows from the seed, the split and its index alone.

    Every image is made at 360×640 and brought to `size` (height, width) by averaging areas, so
    that an index shows the same at any size. Raises `DataError` for what is none of these.
    """

    def __init__(
        self, split: Split, count: int, *, size: tuple[int, int] = SIZE, seed: int = 0
    ) -> None:
        self.split = require_split(split)
        require_whole(count, 1, "the count of images")
        require_whole(seed, 0, "the seed")
        require_size(size)
        self.size, self.seed = size, seed
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> UavImage:
        """The image at `index`. Raises IndexError outside 0 … count − 1."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        draw = generator(self.seed, "image", self.split, index)
        kind = drawn_kind(draw, self.split)
        with one_thread():
            picture = _drawn_ground(draw, self.seed, self.split)
            sides = drawn_sides(draw, kind.object_class, SIZE)
            box = _add_object(draw, picture, look(kind.object_class.name, kind.number), sides)
            image, boxes = resized(Light.drawn(draw).on(picture, draw), (box,), self.size)
        return UavImage(f"{kind.name}/{index:06}", kind.object_class.name, kind.name, image, boxes)

    def __iter__(self) -> Iterator[UavImage]:
        return (self[index] for index in range(self._count))

    def name(self, index: int) -> str:
        """The name of the image at `index`, without making it."""
        kind = drawn_kind(generator(self.seed, "image", self.split, index), self.split)
        return f"{kind.name}/{index:06}"


def resized(
    picture: Picture, boxes: tuple[PixelBox, ...], size: tuple[int, int]
) -> tuple[Picture, tuple[Box, ...]]:
    """A picture and its boxes at another size (height, width)."""
    height, width = picture.shape[:2]
    if (height, width) != size:
        is_smaller = size[0] <= height and size[1] <= width
        how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
        picture = cv2.resize(picture, (size[1], size[0]), interpolation=how)
    across, down = size[1] / width, size[0] / height
    return picture, tuple((a * across, b * down, c * across, d * down) for a, b, c, d in boxes)


def told_apart(figure: Figure, ground_rgb: NDArray[np.int64], least: float) -> Figure:
    """The figure, made brighter or darker where it is too much like the ground.

    Its colors on average are compared, in the channel in which they differ most.
    """
    mean = np.mean(figure.colors, axis=0)
    if np.abs(mean - ground_rgb).max() >= least:
        return figure
    push = _PUSH if ground_rgb.sum() < 3 * 128 else -_PUSH
    return figure.shifted(push, push, push)


def _drawn_ground(draw: np.random.Generator, seed: int, split: Split) -> Picture:
    whole = tile(seed, split, int(draw.integers(tiles(split))))
    height, width = SIZE
    y = int(draw.integers(whole.shape[0] - height + 1))
    x = int(draw.integers(whole.shape[1] - width + 1))
    turn = int(draw.integers(4))
    part = whole[y : y + height, x : x + width]
    return part.copy() if turn == 3 else np.asarray(cv2.flip(part, turn - 1))


def _add_object(
    draw: np.random.Generator, picture: Picture, figure: Figure, sides: tuple[float, float]
) -> PixelBox:
    """Lay an object and its shadow over the ground; its box."""
    tilt, is_mirrored = draw.uniform(-_TILT_DEGREES, _TILT_DEGREES), bool(draw.random() < 0.5)
    tint = draw.uniform(-_TINT, _TINT, 3)
    x, y = drawn_middle(draw, sides, SIZE)
    right, down = (int(place) for place in draw.integers(-_SHADOW_PX, _SHADOW_PX + 1, 2))
    dark = int(draw.integers(*_SHADOW_DARK))
    half_width, half_height = sides[0] / 2, sides[1] / 2
    around = (x - half_width, y - half_height, x + half_width, y + half_height)
    placed = figure.turned(tilt, mirrored=is_mirrored).filling(*sides).at(x, y).shifted(*tint)
    made = sprite(told_apart(placed, mean_color(picture, around), _LEAST_CONTRAST))
    lay(picture, made.shadow(right, down, dark))
    lay(picture, made)
    box = made.box()
    # The least side is 5 px: something is always more than half covered.
    assert box is not None
    return box
