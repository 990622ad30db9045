"""Class indices and grey values as pictures: masks, where two differ, and plain images."""

from __future__ import annotations

import base64
import colorsys
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_PIXELS = 1024
_GOLDEN = 0.61803398875
_WRONG, _RIGHT, _IGNORED = (168, 50, 26), (221, 226, 232), (135, 146, 157)


@dataclass(frozen=True)
class Picture:
    """A picture to draw: what it is, its address with all its data, and its size."""

    title: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class Share:
    """How much of a mask one class is, with the colour that it has in the picture."""

    label: int
    tint: str
    said: str


def mask_picture(mask: Any, title: str) -> Picture | None:
    """A mask [H][W], each class in its own colour; None for what is no mask."""
    found = _grid(mask)
    if found is None:
        return None
    colors = np.array([tint_of(label) for label in range(int(found.max(initial=0)) + 1)], np.uint8)
    return _png(colors[found], title)


def wrong_pixels(mask: Any, truth: Any, ignore: int | None, title: str) -> Picture | None:
    """Where a mask differs from the truth; None where they cannot be compared."""
    said, right = _grid(mask), _grid(truth)
    if said is None or right is None or said.shape != right.shape:
        return None
    drawn = np.full((*said.shape, 3), _RIGHT, np.uint8)
    drawn[said != right] = _WRONG
    if ignore is not None:
        drawn[right == ignore] = _IGNORED
    return _png(drawn, title)


def image_picture(image: Any, title: str) -> Picture | None:
    """An image [H][W] or [H][W][3] of values from 0 to 255; None for another shape."""
    try:
        found = np.asarray(image, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    is_image = found.ndim == 2 or (found.ndim == 3 and found.shape[2] in (1, 3))
    if not is_image or not found.size or not np.isfinite(found).all():
        return None
    pixels = np.clip(found.round(), 0, 255).astype(np.uint8)
    return _png(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels, title)


def shares(mask: Any, most: int = 12) -> list[Share]:
    """The classes of a mask, the largest first."""
    found = _grid(mask)
    if found is None:
        return []
    labels, counts = np.unique(found, return_counts=True)
    order = np.argsort(-counts)[:most]
    return [
        Share(
            int(labels[place]),
            "rgb({}, {}, {})".format(*tint_of(int(labels[place]))),
            f"{100 * counts[place] / found.size:.3g} %",
        )
        for place in order
    ]


def tint_of(label: int) -> tuple[int, int, int]:
    """The colour of a class: neighbours in number are far apart in hue."""
    hue, light = (label * _GOLDEN) % 1.0, (0.42, 0.6)[label % 2]
    red, green, blue = colorsys.hls_to_rgb(hue, light, 0.55)
    return round(255 * red), round(255 * green), round(255 * blue)


def _grid(mask: Any) -> NDArray[np.int64] | None:
    try:
        found = np.asarray(mask)
    except ValueError:
        return None
    is_grid = found.ndim == 2 and found.size and found.dtype.kind in "iu" and found.min() >= 0
    return found.astype(np.int64) if is_grid and found.max() < 4096 else None


def _png(pixels: NDArray[np.uint8], title: str) -> Picture:
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((_MOST_PIXELS, _MOST_PIXELS), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    return Picture(title, source, picture.width, picture.height)


def spark(values: Sequence[float], width: int = 360, height: int = 60) -> str:
    """The points of a line through `values`, for the SVG element of that size."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / max(len(values) - 1, 1)
    places = (
        f"{index * step:.1f},{height - 2 - (value - low) / span * (height - 4):.1f}"
        for index, value in enumerate(values)
    )
    return " ".join(places)
