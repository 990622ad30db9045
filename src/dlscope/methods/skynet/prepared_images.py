"""`PreparedImages`: images with their boxes at the size of the network, resized once and kept.

Training sees an image many times, so it is resized once; nothing else is done to it. Boxes that
say nothing are left out and counted.

Letters: N images, H, W the size of the network, C channels, T boxes of an image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, cast, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlscope.core.errors import DataError, did_you_mean
from dlscope.core.whole_file import whole_file
from dlscope.data.uav_image import Box, box_fault
from dlscope.methods.skynet.preparing import FILTERS, Resize
from dlscope.zoo.skynet.layout import require_size

Pixels: TypeAlias = NDArray[np.uint8]
Boxes: TypeAlias = NDArray[np.float32]
_SAID = {
    "boxes": "boxes left out, empty, outside the image, or smaller than 1 px²: {}",
    "grey": "grey images, repeated for each channel: {}",
    "alpha": "images with an alpha channel, which is left out: {}",
}
_TOLD_EVERY = 50


class LabelledImage(Protocol):
    """An image and the boxes in it, (x_min, y_min, x_max, y_max) in its pixels."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def image_hwc(self) -> Pixels:
        """Its pixels, RGB."""

    @property
    def boxes(self) -> Sequence[Box]:
        """Its boxes."""


class LabelledImages(Protocol):
    """A sequence of them."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int, /) -> LabelledImage:
        """The image at `index`."""


@final
@dataclass(frozen=True)
class PreparedImages:
    """Pixels [N, H, W, 3] and boxes [T, 4] of each as (x, y, width, height) of the image.

    `unreadable` says what was wrong with images that were left out, `changes` counts what was
    changed: `boxes` that were left out, `grey` images, and such with `alpha`.
    """

    pixels_nhwc: Pixels
    boxes: tuple[Boxes, ...]
    names: tuple[str, ...]
    resize: Resize
    unreadable: tuple[str, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self.pixels_nhwc.shape[1:3]
        return height, width

    @property
    def sides_m2(self) -> NDArray[np.float64]:
        """Width and height of every box, relative to its image."""
        return np.concatenate([np.zeros((0, 4)), *self.boxes])[:, 2:]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of what was left out or changed."""
        told = [f"left out, {why}" for why in self.unreadable]
        told += [say.format(n) for name, say in _SAID.items() if (n := self.changes.get(name, 0))]
        return tuple(told)

    def first(self, count: int) -> PreparedImages:
        """The first `count` of them."""
        return PreparedImages(
            self.pixels_nhwc[:count], self.boxes[:count], self.names[:count], self.resize
        )

    def write(self, path: Path) -> None:
        """Keep them in one file, which `read_prepared` reads."""
        with whole_file(path) as part, part.open("wb") as file:
            np.savez(
                file,
                pixels=self.pixels_nhwc,
                boxes=np.concatenate([np.zeros((0, 4), np.float32), *self.boxes]),
                counts=np.array([len(boxes) for boxes in self.boxes]),
                names=np.array(self.names),
                resize=np.array(self.resize),
                unreadable=np.array(self.unreadable, dtype=np.str_),
                changes=np.array([self.changes.get(name, 0) for name in _SAID]),
            )


def prepared_images(
    images: LabelledImages,
    size: tuple[int, int],
    *,
    resize: Resize = "area",
    strict: bool = False,
    counts: Mapping[str, int] = MappingProxyType({}),
    told: Callable[[str, float], None] = lambda _step, _share: None,
) -> PreparedImages:
    """All of `images` at `size` (height, width), without keeping their aspect.

    An image that cannot be read is left out, unless `strict`: then it raises. `counts` is where
    `images` count what they leave out or change as they are read. Raises `DataError` for an unknown
    filter, for no images, and for pixels that are not RGB of whole numbers; `ShapeError` for a size
    that 8 does not divide.
    """
    require_size(size)
    if resize not in FILTERS:
        raise DataError(
            f"there is no filter {resize!r}",
            where="SkyNet, images",
            fix=did_you_mean(resize, FILTERS),
        )
    read, unreadable, left_out = [], [], 0
    for index in range(len(images)):
        if index % _TOLD_EVERY == 0:
            told(f"preparing {len(images)} images", index / len(images))
        try:
            each = images[index]
        except DataError as error:
            if strict:
                raise
            unreadable.append(f"{error.where}: {error.what}")
            continue
        boxes, useless = _usable(each.boxes, each.image_hwc.shape)
        left_out += useless
        read.append((_resized(each, size, resize), boxes, each.name))
    if not read:
        raise DataError(
            f"none of {len(images)} images can be read" if unreadable else "there are no images",
            where=unreadable[0] if unreadable else "SkyNet, images",
            fix="give at least one",
        )
    pixels, all_boxes, names = zip(*read, strict=True)
    changes = Counter(counts) + Counter(boxes=left_out)
    return PreparedImages(
        np.stack(pixels), all_boxes, names, resize, tuple(unreadable), dict(changes)
    )


def read_prepared(path: Path) -> PreparedImages:
    """What `PreparedImages.write` kept. Raises `DataError` for a file that is something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            boxes = np.split(file["boxes"], np.cumsum(file["counts"])[:-1])
            return PreparedImages(
                file["pixels"],
                tuple(boxes),
                tuple(map(str, file["names"])),
                cast("Resize", str(file["resize"])),
                tuple(map(str, file["unreadable"])),
                dict(zip(_SAID, map(int, file["changes"]), strict=True)),
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(
            f"prepared images cannot be read: {error}",
            where=str(path),
            fix="remove the file; it is made again",
        ) from error


def _resized(image: LabelledImage, size: tuple[int, int], resize: Resize) -> Any:
    pixels = image.image_hwc
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise DataError(
            f"an image of {pixels.dtype} of the shape {pixels.shape} is not RGB of 0…255",
            where=f"SkyNet, image {image.name}",
            fix="give uint8, rows × columns × 3",
        )
    height, width = size
    return np.asarray(Image.fromarray(pixels).resize((width, height), FILTERS[resize]))


def _usable(boxes: Sequence[Box], shape: Sequence[int]) -> tuple[Boxes, int]:
    """Boxes that say something, as (x, y, width, height) of the image, and how many do not."""
    height, width = shape[:2]
    good = [box for box in boxes if box_fault(box, (width, height)) is None]
    edges = np.array([width, height, width, height], np.float64)
    corners_m4 = np.clip(np.array(good, np.float64).reshape(-1, 4), 0.0, edges)
    middles_m2 = (corners_m4[:, :2] + corners_m4[:, 2:]) / 2
    sides_m2 = corners_m4[:, 2:] - corners_m4[:, :2]
    relative = np.concatenate([middles_m2, sides_m2], axis=1) / edges
    return np.asarray(relative, np.float32), len(boxes) - len(good)
