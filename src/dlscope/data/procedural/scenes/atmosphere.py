"""What lies between a scene and its picture: sky, texture, light, haze and the sensor.

Every amplitude is multiplied by the gap of the domain, 0…1, so that at 0 none of it is there.
Pictures are [H, W, 3] float32, 0…255.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.scenes.camera import Camera
from dlscope.data.procedural.scenes.palette import Palette
from dlscope.data.scene_classes import CLASSES, NAMES

Picture: TypeAlias = NDArray[np.float32]
_NOISE_STUFF, _NOISE_THING, _NOISE_SKY = 9.0, 6.0, 1.0
_GAINS = (1.04, 1.02, 0.92)
_HAZE = (205.0, 208.0, 210.0)
_SOURCE_CONTRAST, _MIDDLE_GREY, _VIGNETTE = 1.08, 118.0, 0.22


def sky(camera: Camera, palette: Palette, draw: np.random.Generator) -> Picture:
    """A gradient with clouds in the source, pale with a slow field of light in the target."""
    height, width = camera.size
    color = np.array(palette.stuff("sky"), dtype=np.float32)
    rise = np.linspace(0.82, 1.12, height, dtype=np.float32)[:, None, None]
    clear = np.clip(color * rise, 0, 255)
    clouds = np.clip(4 * (_field(draw, (height, width), 5) - 0.62), 0, 1)[..., None]
    cloudy = clear + clouds * (245 - clear) * 0.8
    grey = color.mean() * 0.5 + 105
    pale = (
        np.full_like(clear, grey) * (1 + 0.12 * (_field(draw, (height, width), 3) - 0.5))[..., None]
    )
    return np.asarray((1 - palette.gap) * cloudy + palette.gap * pale, dtype=np.float32)


def weathered(
    picture: Picture,
    labels: NDArray[np.uint8],
    camera: Camera,
    gap: float,
    draw: np.random.Generator,
) -> Picture:
    """Texture on what is there, uneven light over it, and haze that grows towards the horizon."""
    height, width = camera.size
    fine = draw.standard_normal((height, width), dtype=np.float32)
    coarse = 2 * (_field(draw, (height, width), 24) - 0.5)
    grain = _deviations()[labels] * (0.75 * fine + 1.2 * coarse)
    light = 0.72 + 0.40 * _field(draw, (height, width), 3)
    textured = (picture + gap * grain[..., None]) * (1 + gap * (light - 1))[..., None]
    thick = draw.uniform(0.05, 0.35)
    far = np.exp(-np.abs(np.arange(height) - camera.horizon_y) / (0.16 * height))
    share = (gap * thick * far).astype(np.float32)[:, None, None]
    return np.asarray((1 - share) * textured + share * np.array(_HAZE, dtype=np.float32))


def sensed(picture: Picture, gap: float, draw: np.random.Generator) -> Picture:
    """Contrast of the source; blur, color, exposure, vignette, gamma of the target's sensor."""
    contrast = 1 + (1 - gap) * (_SOURCE_CONTRAST - 1)
    picture = _MIDDLE_GREY + contrast * (picture - _MIDDLE_GREY)
    blur = gap * draw.uniform(0.6, 1.4)
    if blur > 0.05:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    exposure = 1 + gap * (draw.uniform(0.75, 1.1) - 1)
    gamma = 1 + gap * (draw.uniform(0.85, 1.15) - 1)
    gains = 1 + gap * (np.array(_GAINS, dtype=np.float32) - 1)
    seen = picture * (exposure * gains) * _vignette(picture.shape[:2], gap)[..., None]
    return np.asarray(255 * (np.clip(seen, 0, 255) / 255) ** gamma, dtype=np.float32)


def with_noise(picture: Picture, gap: float, draw: np.random.Generator) -> NDArray[np.uint8]:
    """The picture with the noise of its sensor, more where it is bright, as whole numbers."""
    deviation = (1.5 + 0.02 * picture) * (gap * draw.uniform(0.6, 1.6))
    noisy = picture + deviation * draw.standard_normal(picture.shape, dtype=np.float32)
    return np.clip(np.floor(noisy + 0.5), 0, 255).astype(np.uint8)


def _vignette(size: tuple[int, int], gap: float) -> Picture:
    height, width = size
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return np.asarray(1 - gap * _VIGNETTE * (x**2 + y**2) / 2)


def _field(draw: np.random.Generator, size: tuple[int, int], cells: int) -> Picture:
    """A smooth field of 0…1 that changes over `1/cells` of the width."""
    height, width = size
    rows = max(2, cells * height // width + 1)
    coarse = draw.random((rows, cells + 1), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def _deviations() -> Picture:
    """The deviation of texture for each class id."""
    each = [_NOISE_THING if known.kind == "thing" else _NOISE_STUFF for known in CLASSES]
    each[NAMES.index("sky")] = _NOISE_SKY
    return np.array(each, dtype=np.float32)
