"""An image as SkyNet takes it: resized without keeping its aspect, and (x / 255 − 0.5) / 0.25.

The filter decides boxes: the released weights find other objects behind another one. So there is
no default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlscope.core.errors import DataError, did_you_mean
from dlscope.zoo.skynet.layout import SIZE, require_size

Resize: TypeAlias = Literal["nearest", "bilinear", "bicubic", "area"]
FILTERS: dict[str, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
}
_MEAN, _SCALE = 0.5, 0.25


@final
@dataclass(frozen=True)
class Prepared:
    """The input [3, H, W] in −2…2, and what was changed about the image."""

    values_chw: NDArray[np.float32]
    warnings: tuple[str, ...]


def prepare(pixels_hwc: NDArray[Any], *, resize: Resize, size: tuple[int, int] = SIZE) -> Prepared:
    """RGB pixels of 0…255 (uint8) or 0…1 (float) at `size` (height, width), normalised.

    A grey image is repeated for each channel and an alpha channel is left out, both with a
    warning. Raises `DataError` for other images and filters, `ShapeError` for another size.
    """
    require_size(size)
    if resize not in FILTERS:
        raise _refusal(f"there is no filter {resize!r}", did_you_mean(resize, FILTERS))
    pixels, warnings = _three_channels(np.asarray(pixels_hwc))
    if pixels.dtype == np.uint8:
        height, width = size
        picture = Image.fromarray(np.ascontiguousarray(pixels))
        resized = np.asarray(picture.resize((width, height), FILTERS[resize]))
        return Prepared(_OF_BYTES[resized.transpose(2, 0, 1)], warnings)
    channels = [_resized(pixels[..., c], resize, size) for c in range(3)]
    return Prepared(_normalised(np.stack(channels)), warnings)


def _normalised(shares: NDArray[np.float64]) -> NDArray[np.float32]:
    """Shares of full brightness as the network takes them."""
    return ((shares - _MEAN) / _SCALE).astype(np.float32)


_OF_BYTES = _normalised(np.arange(256) / 255)
"""What the network takes for each byte."""


def _three_channels(pixels: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    _require_range(pixels)
    if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 1):
        grey = pixels.reshape(*pixels.shape[:2], 1)
        return np.repeat(grey, 3, axis=2), ("a grey image is repeated for each channel",)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return pixels[..., :3], ("the alpha channel of an image is left out",)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return pixels, ()
    raise _refusal(
        f"an image of the shape {pixels.shape} is neither RGB, RGBA nor grey",
        "give rows × columns × 3",
    )


def _require_range(pixels: NDArray[Any]) -> None:
    if pixels.size == 0:
        raise _refusal(f"an image of the shape {pixels.shape} has no pixel", "give an image")
    if pixels.dtype == np.uint8:
        return
    if pixels.dtype.kind != "f":
        raise _refusal(f"an image is of {pixels.dtype}", "give uint8, or floats from 0 to 1")
    # A NaN is not within the range either.
    if not ((pixels >= 0) & (pixels <= 1)).all():
        raise _refusal("an image of floats leaves 0…1", "divide by 255, or give uint8")


def _resized(
    channel_hw: NDArray[Any], resize: Resize, size: tuple[int, int]
) -> NDArray[np.float64]:
    height, width = size
    image = Image.fromarray(np.ascontiguousarray(channel_hw, dtype=np.float32))
    return np.asarray(image.resize((width, height), FILTERS[resize]), dtype=np.float64)


def _refusal(what: str, fix: str) -> DataError:
    return DataError(what, where="SkyNet, image", fix=fix)
