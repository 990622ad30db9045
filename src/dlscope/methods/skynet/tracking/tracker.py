"""`Tracker`: told once where an object is, asked in every further frame.

Letters: H, W size of the image; boxes are x, y, width, height in pixels.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

BoxXywh: TypeAlias = tuple[float, float, float, float]
Pixels: TypeAlias = NDArray[np.uint8]
Corners: TypeAlias = NDArray[np.float64]
"""Four corners in order, [4, 2], x before y."""
_LEAST_SIDE = 2.0
_WHERE = "tracker"
_log = logging.getLogger(__name__)


@final
@dataclass(frozen=True)
class Outline:
    """The pixels [H, W] that show an object, and `box` and turned rectangle around them.

    The last two are None where too few pixels show it.
    """

    mask_hw: NDArray[np.bool_]
    box: BoxXywh | None
    corners: Corners | None


class Tracker(ABC):
    """Follows one object; a plugin writes `_start` and `_follow`, which see RGB pixels.

    One that `is_random` follows another way when it is run again. One that `has_masks` tells the
    `outline` of the object in the last frame that it followed.
    """

    name: str
    is_random: bool = False
    has_masks: bool = False
    outline: Outline | None = None

    @final
    def start(self, image_hwc: NDArray[Any], box: Sequence[float]) -> None:
        """Learn the object in `box`. Raises `DataError` for a box outside the image or below 2 px.

        A grey image is repeated for each channel and an alpha channel left out, with a warning.
        """
        pixels_hw3 = rgb(image_hwc)
        self._size = pixels_hw3.shape[:2]
        self._start(pixels_hw3, require_box(box, self._size))

    @final
    def follow(self, image_hwc: NDArray[Any]) -> BoxXywh:
        """Where the object is now. Raises `DataError` before `start`, and for another size."""
        pixels_hw3 = rgb(image_hwc)
        started = getattr(self, "_size", None)
        if started != pixels_hw3.shape[:2]:
            raise DataError(
                "a tracker is asked before it was started"
                if started is None
                else f"the frame is {_told(pixels_hw3.shape)}, the first was {_told(started)}",
                where=f"{_WHERE} {self.name}",
                fix="start with the first frame of the sequence and its box",
            )
        return self._follow(pixels_hw3)

    @abstractmethod
    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None: ...

    @abstractmethod
    def _follow(self, image_hwc: Pixels) -> BoxXywh: ...


def rgb(image: NDArray[Any]) -> Pixels:
    """Three channels of 0…255. Raises `DataError` for what is no image."""
    pixels = np.asarray(image)
    if pixels.dtype.kind == "f" and pixels.size and ((pixels >= 0) & (pixels <= 1)).all():
        pixels = np.round(pixels * 255).astype(np.uint8)
    if pixels.dtype != np.uint8 or not pixels.size:
        raise _refusal(f"an image of {pixels.dtype} is not of uint8, nor of floats from 0 to 1")
    if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 1):
        _log.warning("a grey image is repeated for each channel")
        return np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        _log.warning("the alpha channel of an image is left out")
        return np.ascontiguousarray(pixels[..., :3])
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise _refusal(f"an image of the shape {pixels.shape} is neither RGB, RGBA nor grey")
    return pixels


def require_box(box: Sequence[float], size: Sequence[int]) -> BoxXywh:
    """The box as numbers. Raises `DataError` unless a tracker can start with it."""
    x, y, width, height = (float(each) for each in box)
    told = f"the box ({x:g}, {y:g}, {width:g}, {height:g})"
    if not all(map(math.isfinite, (x, y, width, height))):
        raise _box_refusal(f"{told} is not finite")
    if min(width, height) < _LEAST_SIDE:
        raise _box_refusal(f"{told} is smaller than {_LEAST_SIDE:g} px")
    if x >= size[1] or y >= size[0] or x + width <= 0 or y + height <= 0:
        raise _box_refusal(f"{told} is outside the image of {size[1]}×{size[0]}")
    return x, y, width, height


def within(box: BoxXywh, size: Sequence[int], least: float = 10.0) -> BoxXywh:
    """The box with its centre in the image and sides from `least` to those of the image."""
    x, y, width, height = box
    centre_x = min(max(x + width / 2, 0.0), float(size[1]))
    centre_y = min(max(y + height / 2, 0.0), float(size[0]))
    width = max(least, min(width, float(size[1])))
    height = max(least, min(height, float(size[0])))
    return centre_x - width / 2, centre_y - height / 2, width, height


def _refusal(what: str) -> DataError:
    return DataError(what, where=f"{_WHERE}, image", fix="give rows × columns × 3 of uint8")


def _box_refusal(what: str) -> DataError:
    return DataError(
        what,
        where=f"{_WHERE}, first frame",
        fix="give x, y, width, height in pixels of the image, at least 2 × 2",
    )


def _told(shape: Sequence[int]) -> str:
    return f"{shape[1]}×{shape[0]}"
