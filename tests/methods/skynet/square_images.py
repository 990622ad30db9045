"""Bright squares on dark ground: images that a detector of a few steps can be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlscope.methods.skynet.prepared_images import PreparedImages, prepared_images


@dataclass(frozen=True)
class SquareImage:
    name: str
    image_hwc: np.ndarray
    boxes: tuple


class SquareImages:
    """`count` images of `size` (height, width), each with one square of a color."""

    def __init__(self, count: int, size: tuple[int, int] = (48, 96), seed: int = 0) -> None:
        self._count, self._size, self._seed = count, size, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> SquareImage:
        draw = np.random.default_rng((self._seed, index))
        height, width = self._size
        image = draw.integers(30, 90, (height, width, 3)).astype(np.uint8)
        side = int(draw.integers(6, 16))
        x = int(draw.integers(0, width - side + 1))
        y = int(draw.integers(0, height - side + 1))
        image[y : y + side, x : x + side] = draw.integers(180, 255, 3)
        return SquareImage(f"square/{index:03}", image, ((x, y, x + side, y + side),))


def squares(count: int, size: tuple[int, int] = (48, 96), seed: int = 0) -> PreparedImages:
    return prepared_images(SquareImages(count, size, seed), size)
