"""Pictures and maps at another size: Pillow's filters, and plain interpolation in NumPy.

Axes: H height, W width, C channels; `_out` after resizing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlscope.pipelines.base import Box
from dlscope.pipelines.geometry import Size

Method = Literal["bilinear", "nearest", "bicubic", "area", "lanczos3"]
Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_PILLOW = {"nearest": 0, "lanczos3": 1, "bilinear": 2, "bicubic": 3, "area": 4}
"""Numbers of `PIL.Image.Resampling`."""


def resize_with_pillow(
    pixels_hwc: NDArray[np.uint8], size: Size, method: Method, box: Box | None
) -> NDArray[np.uint8]:
    """`pixels_hwc`, or its `box`, resized to (height, width) `size` in one go.

    Every filter but nearest averages over all the pixels that one output pixel covers
    (antialiasing); a box with fractional ends takes its share of the pixels at its border.
    """
    from PIL import Image

    single = pixels_hwc.shape[2] == 1
    picture = Image.fromarray(pixels_hwc[:, :, 0] if single else pixels_hwc)
    height, width = size
    resized = np.asarray(picture.resize((width, height), Image.Resampling(_PILLOW[method]), box))
    return resized[:, :, np.newaxis] if single else resized


def interpolate(
    pixels_hwc: NDArray[np.uint8], size: Size, method: Method, box: Box
) -> NDArray[np.uint8]:
    """`box` of `pixels_hwc` resized to `size` without antialiasing.

    Each output pixel is interpolated between the pixels around its centre (half-pixel
    coordinates), however many it covers; rounded to nearest, clipped to 0 … 255.
    """
    kernel, reach = KERNELS[method]
    left, top, right, bottom = box
    rows = _centres(top, bottom, size[0])
    columns = _centres(left, right, size[1])
    height, width = pixels_hwc.shape[:2]
    by_row = weights(rows, height, kernel, reach)
    by_column = weights(columns, width, kernel, reach)
    mixed = np.einsum("hw,owc->ohc", by_row, pixels_hwc.swapaxes(0, 1).astype(np.float64))
    mixed = np.einsum("pw,whc->hpc", by_column, mixed)
    rounded: NDArray[np.uint8] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return rounded


def weights(
    positions: NDArray[np.float64], length: int, kernel: Kernel, reach: int
) -> NDArray[np.float64]:
    """Matrix of positions × `length`: how much each pixel counts at each position.

    A position is in pixels from the border, so pixel i has its centre at i + ½. Pixels outside
    the picture repeat its border. Each row sums to 1.
    """
    first = np.floor(positions - 0.5).astype(np.int64) - reach + 1
    taps = first[:, np.newaxis] + np.arange(2 * reach)
    values = kernel(positions[:, np.newaxis] - 0.5 - taps)
    matrix = np.zeros((len(positions), length))
    rows = np.broadcast_to(np.arange(len(positions))[:, np.newaxis], taps.shape)
    np.add.at(matrix, (rows, np.clip(taps, 0, length - 1)), values)
    sums: NDArray[np.float64] = matrix.sum(axis=1, keepdims=True)
    return matrix / sums


def _centres(start: float, end: float, count: int) -> NDArray[np.float64]:
    return start + (np.arange(count) + 0.5) * (end - start) / count


def linear(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Triangle of width 2."""
    result: NDArray[np.float64] = np.maximum(0.0, 1.0 - np.abs(distance))
    return result


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    # Keys' kernel with a = −½, the one of Pillow.
    x, a = np.abs(distance), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    result: NDArray[Any] = np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return result


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[Any] = np.where(
        np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0
    )
    return result


KERNELS: dict[str, tuple[Kernel, int]] = {
    "bilinear": (linear, 1),
    "bicubic": (_cubic, 2),
    "lanczos3": (_lanczos, 3),
}
"""Kernel and the number of pixels it reaches to each side."""
