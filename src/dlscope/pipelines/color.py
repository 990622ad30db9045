"""Colour modes of 8-bit pictures, each reached through RGB.

Axes: HWC. YCBCR follows BT.601: full range as in JPEG, or studio range (Y 16 … 235, Cb and Cr
16 … 240).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ColorMode = Literal["RGB", "BGR", "GRAY", "YCBCR"]
Pixels = NDArray[Any]

# BT.601 luma in 16-bit fixed point; the three sum to 65536.
_LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)
_RED, _BLUE = 0.299, 0.114
_TO_YCBCR = np.array(
    [
        [_RED, 1 - _RED - _BLUE, _BLUE],
        [-0.5 * _RED / (1 - _BLUE), -0.5 * (1 - _RED - _BLUE) / (1 - _BLUE), 0.5],
        [0.5, -0.5 * (1 - _RED - _BLUE) / (1 - _RED), -0.5 * _BLUE / (1 - _RED)],
    ]
)
_FROM_YCBCR = np.linalg.inv(_TO_YCBCR)
_STUDIO = np.array([219.0, 224.0, 224.0]) / 255.0
"""Studio range as a share of full range, for Y, Cb, Cr."""


def convert_color(pixels: Pixels, source: str, target: str, *, full: bool) -> Pixels:
    """`pixels` of mode `source` in mode `target`; a copy, except when they are the same.

    GRAY is (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶ in whole numbers, bit for bit Pillow's.
    """
    if source == target:
        return pixels
    return _from_rgb(_to_rgb(pixels, source, full=full), target, full=full)


def _to_rgb(pixels: Pixels, source: str, *, full: bool) -> Pixels:
    match source:
        case "BGR":
            return np.ascontiguousarray(pixels[:, :, ::-1])
        case "GRAY":
            return np.repeat(pixels, 3, axis=2)
        case "YCBCR":
            return _bytes((pixels - _zero(full)) / _share(full) @ _FROM_YCBCR.T)
    return pixels


def _from_rgb(pixels: Pixels, target: str, *, full: bool) -> Pixels:
    match target:
        case "BGR":
            return np.ascontiguousarray(pixels[:, :, ::-1])
        case "GRAY":
            luma = (pixels.astype(np.uint32) @ _LUMA + 0x8000) >> 16
            return luma.astype(np.uint8)[:, :, np.newaxis]
        case "YCBCR":
            return _bytes((pixels @ _TO_YCBCR.T) * _share(full) + _zero(full))
    return pixels


def _zero(full: bool) -> NDArray[np.float64]:
    return np.array([0.0 if full else 16.0, 128.0, 128.0])


def _share(full: bool) -> NDArray[np.float64]:
    return np.ones(3) if full else _STUDIO


def _bytes(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
