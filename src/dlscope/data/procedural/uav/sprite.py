"""`Sprite`: a figure as pixels, and how it is laid over a picture.

Pictures are [H, W, 3] uint8. All sums are of whole numbers, so that a picture is the same on any
processor. A figure is drawn four times as large without soft edges (twice, where it is large) and
averaged: the alpha of a pixel is the share of it that is covered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias, final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.figure import Figure

Picture: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.uint8]
PixelBox: TypeAlias = tuple[int, int, int, int]
"""x_min, y_min, x_max, y_max; the last two are outside the box."""
SOLID = 128
"""An alpha from here on is more than a half."""
_FINE, _COARSE, _LARGE_PX2 = 4, 2, 20_000
_SHIFT = 4
_HALF = 0.5


@final
@dataclass(frozen=True)
class Sprite:
    """Colors times alpha [h, w, 3] and alpha [h, w], with the place of the first pixel."""

    left: int
    top: int
    colors_hwc: Picture
    alpha_hw: Mask

    def box(self) -> PixelBox | None:
        """The tight box of what is more than half covered; None where nothing is."""
        return solid_box(self.alpha_hw, self.left, self.top)

    def shadow(self, right: int, down: int, dark: int) -> Sprite:
        """A soft shadow that falls `right` and `down` px away; `dark` is its alpha at most."""
        border = 3
        padded = np.pad(self.alpha_hw, border)
        soft = cv2.GaussianBlur(padded, (5, 5), 1.2).astype(np.uint16)
        alpha = ((soft * np.uint16(dark)) >> 8).astype(np.uint8)
        colors = np.zeros((*alpha.shape, 3), dtype=np.uint8)
        return Sprite(self.left + right - border, self.top + down - border, colors, alpha)


def sprite(figure: Figure) -> Sprite:
    """A figure whose points are pixels of the picture, 0 at the outer edge of the first."""
    low = np.floor(figure.points_n2.min(axis=0)).astype(int) - 1
    high = np.ceil(figure.points_n2.max(axis=0)).astype(int) + 1
    width, height = (int(side) for side in high - low)
    fine = _COARSE if width * height > _LARGE_PX2 else _FINE
    colors = np.zeros((height * fine, width * fine, 3), dtype=np.uint8)
    alpha = np.zeros((height * fine, width * fine), dtype=np.uint8)
    placed = Figure(figure.points_n2 - low, figure.ends, figure.colors)
    for points, color in placed.parts():
        # The middle of the first pixel of OpenCV is at 0, its first edge at −½.
        corners = np.rint((points * fine - _HALF) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(colors, [corners], tuple(round(c) for c in color), cv2.LINE_8, _SHIFT)
        cv2.fillPoly(alpha, [corners], 255, cv2.LINE_8, _SHIFT)
    small = (width, height)
    return Sprite(
        int(low[0]),
        int(low[1]),
        cv2.resize(colors, small, interpolation=cv2.INTER_AREA),
        cv2.resize(alpha, small, interpolation=cv2.INTER_AREA),
    )


def lay(picture: Picture, over: Sprite) -> None:
    """Lay a sprite over a picture, which is changed; what is outside of it is left out."""
    height, width = over.alpha_hw.shape
    x0, y0 = max(0, over.left), max(0, over.top)
    x1 = min(picture.shape[1], over.left + width)
    y1 = min(picture.shape[0], over.top + height)
    if x0 >= x1 or y0 >= y1:
        return
    inside = np.s_[y0 - over.top : y1 - over.top, x0 - over.left : x1 - over.left]
    below = picture[y0:y1, x0:x1]
    left_hw = 255 - over.alpha_hw[inside]
    products = below * cv2.merge([left_hw] * 3).astype(np.uint16) + np.uint16(128)
    # The nearest whole number of products / 255.
    kept = ((products + (products >> 8)) >> 8).astype(np.uint8)
    picture[y0:y1, x0:x1] = cv2.add(kept, np.ascontiguousarray(over.colors_hwc[inside]))


def solid_box(alpha_hw: Mask, left: int = 0, top: int = 0) -> PixelBox | None:
    """The tight box of an alpha above a half, whose first pixel is at (`left`, `top`)."""
    solid = (alpha_hw >= SOLID).view(np.uint8)
    x, y, width, height = cv2.boundingRect(solid)
    if width == 0 or height == 0:
        return None
    return left + x, top + y, left + x + width, top + y + height


def mean_color(picture: Picture, around: tuple[float, float, float, float]) -> NDArray[np.int64]:
    """Red, green and blue of a picture on average within a box, as whole numbers."""
    x0, y0, x1, y1 = around
    rows = slice(max(0, math.floor(y0)), max(1, math.ceil(y1)))
    columns = slice(max(0, math.floor(x0)), max(1, math.ceil(x1)))
    pixels = picture[rows, columns].reshape(-1, 3)
    if not len(pixels):
        pixels = picture.reshape(-1, 3)
    return np.asarray(pixels.sum(axis=0, dtype=np.int64) // len(pixels))
