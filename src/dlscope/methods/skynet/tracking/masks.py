"""`outline`: the rectangle around the mask of an object, as SiamMask draws it (section 3.2)."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Corners: TypeAlias = NDArray[np.float64]
"""Four corners in order, [4, 2], x before y."""
THRESHOLD = 0.35
_LEAST_AREA = 100.0


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


def outline(
    mask: NDArray[Any], centre: tuple[float, float], side: float, size: tuple[int, int]
) -> Corners | None:
    """The smallest rectangle, turned as it needs, around the largest part of a mask.

    None where no part above the threshold is larger than 100 px².
    """
    shown = (in_image(mask, centre, side, size) > THRESHOLD).astype(np.uint8)
    contours, _ = cv2.findContours(shown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) <= _LEAST_AREA:
        return None
    corners = cv2.boxPoints(cv2.minAreaRect(largest.reshape(-1, 2)))
    return np.asarray(corners, dtype=np.float64)
