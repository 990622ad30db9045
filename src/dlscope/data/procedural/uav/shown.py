"""`UavMasks`: which pixels of each frame show the target of a drawn sequence.

Letters: H, W size of an image; h, w that of the sprite of the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.images import SIZE
from dlscope.data.procedural.uav.light import one_thread
from dlscope.data.procedural.uav.scene import Scene
from dlscope.data.procedural.uav.sprite import SOLID, PixelBox, Sprite, solid_box, sprite


@final
@dataclass(frozen=True)
class Shown:
    """The target of one frame: what of it is inside the image, and what of that nothing hides.

    `solid_hw`, `inside_hw` and `visible_hw` are of the pixels of its sprite, whose first one is at
    (`left`, `top`); each has the next within it.
    """

    left: int
    top: int
    solid_hw: NDArray[np.bool_]
    inside_hw: NDArray[np.bool_]
    visible_hw: NDArray[np.bool_]

    @property
    def box(self) -> PixelBox | None:
        """The tight box within the image, as if nothing were before the target."""
        return solid_box(np.where(self.inside_hw, 255, 0).astype(np.uint8), self.left, self.top)

    @property
    def share(self) -> float:
        """How much of the target is to be seen, 0…1."""
        return float(self.visible_hw.sum() / self.solid_hw.sum())

    @property
    def is_cut(self) -> bool:
        """Whether some of the target is outside the image."""
        return bool((self.solid_hw & ~self.inside_hw).any())

    def mask(self) -> NDArray[np.bool_]:
        """The pixels of the image that show the target, [360, 640]."""
        whole = np.zeros(SIZE, dtype=bool)
        rows, columns = _within(self.left, self.top)
        part = self.visible_hw[rows, columns]
        y, x = max(0, self.top), max(0, self.left)
        whole[y : y + part.shape[0], x : x + part.shape[1]] = part
        return whole


def shown(scene: Scene, t: int) -> Shown:
    """What frame `t` shows of the target: pixels of which more than a half are covered by it."""
    target = sprite(scene.target_at(t))
    solid = target.alpha_hw >= SOLID
    inside = np.zeros_like(solid)
    rows, columns = _within(target.left, target.top)
    inside[rows, columns] = solid[rows, columns]
    hiding = scene.hiding_at(t)
    hidden = np.zeros_like(solid) if hiding is None else _covered(target, sprite(hiding))
    return Shown(target.left, target.top, solid, inside, inside & ~hidden)


@final
@dataclass(frozen=True)
class UavMasks:
    """The masks [H, W] of a sequence, each made when it is asked for."""

    scene: Scene
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.scene.motion.zoom_t)

    def __getitem__(self, t: int, /) -> NDArray[np.bool_]:
        """The mask of frame `t`. Raises IndexError outside 0 … T − 1."""
        if not 0 <= t < len(self):
            raise IndexError(t)
        with one_thread():
            mask = shown(self.scene, t).mask()
            if self.size == SIZE:
                return mask
            alpha = np.where(mask, 255, 0).astype(np.uint8)
            smaller = self.size[0] <= SIZE[0] and self.size[1] <= SIZE[1]
            how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            return np.asarray(cv2.resize(alpha, self.size[::-1], interpolation=how) >= SOLID)

    def __iter__(self) -> Iterator[NDArray[np.bool_]]:
        return (self[t] for t in range(len(self)))


def _within(left: int, top: int) -> tuple[slice, slice]:
    """Rows and columns of a sprite at a place that are inside the image."""
    height, width = SIZE
    return slice(max(0, -top), max(0, height - top)), slice(max(0, -left), max(0, width - left))


def _covered(target: Sprite, over: Sprite) -> NDArray[np.bool_]:
    """Which pixels of a sprite another one hides."""
    covered = np.zeros(target.alpha_hw.shape, dtype=bool)
    height, width = target.alpha_hw.shape
    y, x = over.top - target.top, over.left - target.left
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(height, y + over.alpha_hw.shape[0]), min(width, x + over.alpha_hw.shape[1])
    if y0 < y1 and x0 < x1:
        covered[y0:y1, x0:x1] = over.alpha_hw[y0 - y : y1 - y, x0 - x : x1 - x] >= SOLID
    return covered
