"""Squares around an object, at the size of a network's input.

A margin of half the mean side goes around the object: p = (w + h) / 2, and the template is the
square of side √((w + p)·(h + p)). The search has the same scale, on more pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from dlscope.methods.skynet.tracking.tracker import Pixels

_MEAN, _SCALE = 127.5, 63.75


def context_side(width: Any, height: Any) -> Any:
    """Side of the square around boxes of such sides, in their pixels; arrays of both will do."""
    margin = (width + height) / 2
    return np.sqrt((width + margin) * (height + margin))


def square(
    image_hwc: Pixels,
    centre: tuple[float, float],
    side: float | tuple[float, float],
    pixels: int,
    *,
    fill: Sequence[float] | None = None,
) -> Pixels:
    """The square of `side` around `centre` (x, y) as `pixels` × `pixels` × 3, bilinear.

    Sides (width, height) that differ are made square. Outside the image is `fill`, by default the
    mean of each channel. An image of one channel, such as a mask, stays one.
    """
    width, height = side if isinstance(side, tuple) else (side, side)
    step_x, step_y = width / pixels, height / pixels
    # A pixel's middle, not its corner, is half a step inside.
    to_image = np.array(
        [
            [step_x, 0, centre[0] - width / 2 + step_x / 2 - 0.5],
            [0, step_y, centre[1] - height / 2 + step_y / 2 - 0.5],
        ]
    )
    outside = mean_color(image_hwc) if fill is None else tuple(fill)
    return np.asarray(
        cv2.warpAffine(
            image_hwc,
            to_image,
            (pixels, pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        ),
        dtype=np.uint8,
    )


def mean_color(image_hwc: Pixels) -> tuple[float, ...]:
    """The mean of each channel."""
    return tuple(map(float, cv2.mean(image_hwc)[:3]))


def network_input(crops_bhwc: Any) -> Any:
    """Crops as float32 [B, 3, H, W] in −2…2, as the detector takes images."""
    values = (np.asarray(crops_bhwc, dtype=np.float32) - _MEAN) / _SCALE
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
