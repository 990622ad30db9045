"""`outline_of`: box and turned rectangle around the mask of an object (SiamMask, section 3.2).

Pixel i of an image reaches from i to i + 1, so that a mask of one pixel has a box of 1 × 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.methods.skynet.tracking.tracker import BoxXywh, Corners, Outline

THRESHOLD = 0.35
_LEAST_AREA = 100.0
_PIXEL = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)


def in_image(
    mask: NDArray[Any], centre: tuple[float, float], side: float, size: tuple[int, int]
) -> NDArray[np.float32]:
    """A square mask, flat or not, laid over the square of `side` around `centre` in an image.

    `size` is (height, width); outside the square the mask is 0.
    """
    pixels = round(mask.size**0.5)
    step = side / pixels
    from_mask = np.array(
        [
            [step, 0, centre[0] - side / 2 + step / 2 - 0.5],
            [0, step, centre[1] - side / 2 + step / 2 - 0.5],
        ]
    )
    flat = mask.reshape(pixels, pixels).astype(np.float32)
    return np.asarray(
        cv2.warpAffine(flat, from_mask, (size[1], size[0]), flags=cv2.INTER_LINEAR),
        dtype=np.float32,
    )


def outline_of(mask_hw: NDArray[np.bool_]) -> Outline:
    """A mask with the box and the smallest turned rectangle around its largest part.

    There is neither where no part is larger than 100 px².
    """
    contours, _ = cv2.findContours(
        mask_hw.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) <= _LEAST_AREA:
        return Outline(mask_hw, None, None)
    x, y, width, height = map(float, cv2.boundingRect(largest))
    return Outline(mask_hw, (x, y, width, height), smallest_rectangle(largest.reshape(-1, 2)))


def smallest_rectangle(pixels_n2: NDArray[Any]) -> Corners:
    """Corners of the smallest rectangle, turned as it needs, around pixels [N, 2], x before y."""
    edges = pixels_n2.astype(np.float32)[:, None] + _PIXEL
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(edges.reshape(-1, 2))), dtype=np.float64)


def corners_of(box: BoxXywh | Sequence[float]) -> Corners:
    """The corners of a box, in the order of those of a rectangle."""
    x, y, width, height = box
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def rectangle_overlap(first: Corners, second: Corners) -> float:
    """Intersection over union of two turned rectangles."""
    one, other = (each.astype(np.float32) for each in (first, second))
    shared, _ = cv2.intersectConvexConvex(one, other)
    whole = cv2.contourArea(one) + cv2.contourArea(other) - shared
    return float(shared / whole) if whole > 0 else 0.0
