"""`UavImage`: an image and the boxes of its objects, drawn or read; what makes a box useless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max in pixels."""
_LEAST_AREA = 1.0


@final
@dataclass(frozen=True)
class UavImage:
    """An image [H, W, 3], red first, its object's class and sub-category, and boxes in px."""

    name: str
    class_name: str
    sub_category: str
    image_hwc: NDArray[np.uint8]
    boxes: tuple[Box, ...]


def box_fault(box: Box, size: tuple[float, float]) -> str | None:
    """What is wrong with a box in an image of `size` (width, height), as the end of a sentence."""
    x_min, y_min, x_max, y_max = box
    width, height = size
    if not (x_min < x_max and y_min < y_max):
        return "has no area"
    if x_max <= 0 or y_max <= 0 or x_min >= width or y_min >= height:
        return f"is outside the image of {width:g}×{height:g}"
    if (x_max - x_min) * (y_max - y_min) < _LEAST_AREA:
        return "is smaller than 1 px²"
    return None
