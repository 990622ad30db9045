"""What a step sees: images moved, scaled, mirrored and recoloured, all of a batch at once.

Everything is drawn from the generator that is given. Letters: B images, T boxes of one, H, W the
size of images, h, w that of the view, K tries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.methods.skynet.detector_training.recipes import Phase, Recipe
from dlscope.methods.skynet.prepared_images import Boxes, PreparedImages

Array: TypeAlias = NDArray[np.float64]
_TRIES = 10
_LEAST_KEPT = 0.25
GREY = 127
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@final
@dataclass(frozen=True)
class Looks:
    """What is seen of each image, and how.

    A window [B, 4] is (x_min, y_min, x_max, y_max) in pixels of the image; boxes are those of the
    view, after it was mirrored.
    """

    windows_b4: Array
    is_mirrored_b: NDArray[np.bool_]
    boxes: tuple[Boxes, ...]
    colors_b33: NDArray[np.float32]


@final
@dataclass(frozen=True)
class Views:
    """Pixels [B, h, w, 3], boxes of each as (x, y, width, height) of it, colors as [B, 3, 3]."""

    pixels_bhwc: NDArray[np.uint8]
    boxes: tuple[Boxes, ...]
    colors_b33: NDArray[np.float32]


def views_of(
    images: PreparedImages,
    indices: Sequence[int],
    recipe: Recipe,
    phase: Phase,
    size: tuple[int, int],
    draw: np.random.Generator,
) -> Views:
    """The images at `indices` as a step of `phase` sees them, at `size` (h, w)."""
    looks = looks_of(images, indices, recipe, phase, size, draw)
    return Views(pixels_of(images, indices, looks, size), looks.boxes, looks.colors_b33)


def looks_of(
    images: PreparedImages,
    indices: Sequence[int],
    recipe: Recipe,
    phase: Phase,
    size: tuple[int, int],
    draw: np.random.Generator,
) -> Looks:
    """What a step of `phase` sees of the images at `indices`, at `size` (h, w)."""
    wanted = [_one_of(images.boxes[i], draw) for i in indices]
    windows_b4 = _windows(wanted, images.size, phase, size, draw)
    is_mirrored = draw.random(len(indices)) < recipe.flip
    boxes = []
    for place, (index, window) in enumerate(zip(indices, windows_b4, strict=True)):
        inside = _boxes_inside(images.boxes[index], window, images.size)
        if is_mirrored[place]:
            inside[:, 0] = 1.0 - inside[:, 0]
        boxes.append(inside)
    return Looks(windows_b4, is_mirrored, tuple(boxes), _colors(recipe, len(indices), draw))


def pixels_of(
    images: PreparedImages, indices: Sequence[int], looks: Looks, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The pixels that are looked at, [B, h, w, 3]."""
    pixels = np.empty((len(indices), *size, 3), np.uint8)
    for place, (index, window) in enumerate(zip(indices, looks.windows_b4, strict=True)):
        seen = _cut_out(images.pixels_nhwc[index], window, size)
        pixels[place] = seen[:, ::-1] if looks.is_mirrored_b[place] else seen
    return pixels


def _one_of(boxes_t4: Boxes, draw: np.random.Generator) -> Array:
    """The box that has to stay in view, or the whole image where there is none."""
    if not len(boxes_t4):
        return np.array([0.5, 0.5, 1.0, 1.0])
    return np.asarray(boxes_t4[draw.integers(len(boxes_t4))], np.float64)


def _windows(
    wanted: Sequence[Array],
    image_size: tuple[int, int],
    phase: Phase,
    size: tuple[int, int],
    draw: np.random.Generator,
) -> Array:
    """For each image what is looked at, [B, 4] as (x_min, y_min, x_max, y_max) in its pixels.

    Of several tries the first that keeps the centre of the box, and a quarter of its area; the
    whole image where none does.
    """
    boxes_b4 = np.stack(wanted) * np.tile(image_size[::-1], 2)
    if phase.window is None:
        tries_kb4 = _moved(len(wanted), image_size, phase.jitter, draw)
    else:
        tries_kb4 = _around(boxes_b4, image_size, phase, size, draw)
    low = np.maximum(boxes_b4[:, :2] - boxes_b4[:, 2:] / 2, tries_kb4[..., :2])
    high = np.minimum(boxes_b4[:, :2] + boxes_b4[:, 2:] / 2, tries_kb4[..., 2:])
    kept_kb = np.maximum(high - low, 0).prod(axis=-1) / boxes_b4[:, 2:].prod(axis=-1)
    has_centre_kb = (boxes_b4[:, :2] >= tries_kb4[..., :2]).all(axis=-1)
    has_centre_kb &= (boxes_b4[:, :2] < tries_kb4[..., 2:]).all(axis=-1)
    is_good_kb = has_centre_kb & (kept_kb >= _LEAST_KEPT)
    chosen_b4 = tries_kb4[is_good_kb.argmax(axis=0), np.arange(len(wanted))]
    whole = np.array([0.0, 0.0, *image_size[::-1]])
    return np.asarray(np.where(is_good_kb.any(axis=0)[:, None], chosen_b4, whole))


def _moved(
    count: int, image_size: tuple[int, int], jitter: float, draw: np.random.Generator
) -> Array:
    """Windows [K, B, 4] whose sides are moved by up to `jitter` of the image."""
    sides = np.tile(np.array(image_size[::-1], np.float64), 2)
    shifts = draw.uniform(-jitter, jitter, (_TRIES, count, 4)) * sides
    return np.asarray(np.array([0.0, 0.0, *image_size[::-1]]) + shifts)


def _around(
    boxes_b4: Array,
    image_size: tuple[int, int],
    phase: Phase,
    size: tuple[int, int],
    draw: np.random.Generator,
) -> Array:
    """Windows [K, B, 4] of `size`, scaled, anywhere around the box inside the image.

    Half of them keep the scale and begin at whole pixels, so that nothing is interpolated.
    """
    count = len(boxes_b4)
    low = np.log1p(phase.jitter)
    scale = np.exp(draw.uniform(-low, low, (_TRIES, count, 1)))
    is_plain = draw.random((_TRIES, count, 1)) < 0.5
    sides = np.where(is_plain, 1.0, scale) * np.array(size[::-1], np.float64)
    image = np.array(image_size[::-1], np.float64)
    first = boxes_b4[:, :2] + boxes_b4[:, 2:] / 2 - sides
    last = boxes_b4[:, :2] - boxes_b4[:, 2:] / 2
    # Of a box that is larger than the window some part is seen.
    first, last = np.minimum(first, last), np.maximum(first, last)
    start = first + draw.random((_TRIES, count, 2)) * (last - first)
    start = np.clip(start, 0.0, np.maximum(image - sides, 0.0))
    start = np.where(is_plain, np.round(start), start)
    return np.concatenate([start, start + sides], axis=-1)


def _cut_out(pixels_hwc: NDArray[np.uint8], window: Array, size: tuple[int, int]) -> NDArray[Any]:
    height, width = size
    left, top, right, bottom = window
    if (right - left, bottom - top) == (width, height) and _is_whole(left, top):
        x, y = int(left), int(top)
        if x >= 0 and y >= 0 and x + width <= pixels_hwc.shape[1]:
            seen = pixels_hwc[y : y + height, x : x + width]
            if seen.shape[:2] == size:
                return seen
    across, down = (right - left) / width, (bottom - top) / height
    # From the centre of a pixel of the view to where it lies in the image.
    matrix = np.array(
        [
            [across, 0.0, left + across / 2 - 0.5],
            [0.0, down, top + down / 2 - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved: NDArray[Any] = cv2.warpAffine(
        pixels_hwc, matrix, (width, height), flags=flags,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(GREY,) * 3,
    )  # fmt: skip
    return moved


def _is_whole(*numbers: float) -> bool:
    return all(float(number).is_integer() for number in numbers)


def _boxes_inside(boxes_t4: Boxes, window: Array, image_size: tuple[int, int]) -> Boxes:
    """Boxes as shares of the window, ended at its edge, without those that are hardly in it."""
    pixels = boxes_t4 * np.tile(image_size[::-1], 2)
    corner, sides = window[:2], window[2:] - window[:2]
    low = (pixels[:, :2] - pixels[:, 2:] / 2 - corner) / sides
    high = (pixels[:, :2] + pixels[:, 2:] / 2 - corner) / sides
    area = (high - low).prod(axis=1)
    low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    is_kept = (high - low).prod(axis=1) >= _LEAST_KEPT * area
    inside = np.concatenate([(low + high) / 2, high - low], axis=1)
    return np.asarray(inside[is_kept], np.float32)


def _colors(recipe: Recipe, count: int, draw: np.random.Generator) -> NDArray[np.float32]:
    """A matrix for each image: hue turned and saturation scaled in YIQ, then exposure and gain."""
    colors = recipe.colors
    angle = 2 * np.pi * draw.uniform(-colors.hue, colors.hue, count)
    saturation = _factors(colors.saturation, (count,), draw)
    turned = np.zeros((count, 3, 3))
    turned[:, 0, 0] = 1.0
    turned[:, 1, 1] = turned[:, 2, 2] = saturation * np.cos(angle)
    turned[:, 1, 2], turned[:, 2, 1] = -saturation * np.sin(angle), saturation * np.sin(angle)
    exposure = _factors(colors.exposure, (count, 1, 1), draw)
    gain = draw.uniform(2 - colors.gain, colors.gain, (count, 3, 1))
    return np.asarray(exposure * gain * (_FROM_YIQ @ turned @ _TO_YIQ), np.float32)


def _factors(most: float, shape: tuple[int, ...], draw: np.random.Generator) -> Array:
    """Numbers between 1 / `most` and `most`, even on a logarithmic scale."""
    return np.asarray(np.exp(draw.uniform(-np.log(most), np.log(most), shape)))
