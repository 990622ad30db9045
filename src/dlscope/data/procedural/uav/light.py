"""What light and lens do to a picture: blur, brightness with a ramp, and noise.

Factors are multiples of 1/128 and 1/256, so that sums of floats are exact and round alike on any
processor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.sprite import Picture

_NOISE_SEED, _NOISE_DEVIATION, _NOISE_MARGIN = 20_200_302, 32, 160
_BRIGHTNESS, _RAMP, _BLUR, _NOISE = (0.75, 1.2), 0.15, (0.4, 1.0), 6.0
_BLURRED = 0.4


@final
@dataclass(frozen=True)
class Light:
    """Blur in px (0: none), brightness, its change across and down, deviation of the noise."""

    blur: float
    brightness: float
    ramp: tuple[float, float]
    noise: float

    @classmethod
    def drawn(cls, draw: np.random.Generator) -> Light:
        """The light of one image or of one sequence."""
        is_blurred = draw.random() < _BLURRED
        blur = draw.uniform(*_BLUR)
        angle, steep = draw.uniform(0, 2 * math.pi), draw.uniform(0, _RAMP)
        return cls(
            blur if is_blurred else 0.0,
            draw.uniform(*_BRIGHTNESS),
            (steep * math.cos(angle), steep * math.sin(angle)),
            draw.uniform(0, _NOISE),
        )

    def on(self, picture: Picture, draw: np.random.Generator, *, drift: float = 1.0) -> Picture:
        """The picture in this light, `drift` times as bright; its noise is drawn."""
        if self.blur:
            picture = cv2.GaussianBlur(picture, (5, 5), self.blur)
        ramp = self._factors(picture.shape[:2], drift)
        picture = cv2.multiply(picture, cv2.merge([ramp] * 3), scale=1 / 128)
        # 128 in the plane is no noise; one part of it is `noise` / 32 of the picture.
        share = round(self.noise / _NOISE_DEVIATION * 256) / 256
        noise = _noise_at(picture.shape[:2], draw)
        return np.asarray(cv2.addWeighted(picture, 1.0, noise, share, -128 * share))

    def _factors(self, size: tuple[int, int], drift: float) -> NDArray[np.uint8]:
        """What pixels are multiplied by, in 128ths, [H, W]."""
        height, width = size
        across = np.rint(128 * self.ramp[0] * np.linspace(-1, 1, width)).astype(np.int16)
        down = np.rint(128 * self.ramp[1] * np.linspace(-1, 1, height)).astype(np.int16)
        middle = round(128 * self.brightness * drift)
        factors = across[None, :] + (down[:, None] + middle)
        return np.asarray(np.clip(factors, 0, 255), dtype=np.uint8)


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV on one thread, as long as this lasts.

    An image is a few thousand small fills: threads cost more there than they give, and a loader
    has a process of its own for each core.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _noise_at(size: tuple[int, int], draw: np.random.Generator) -> Picture:
    y, x = (int(place) for place in draw.integers(0, _NOISE_MARGIN, 2))
    return _noise_plane(*size)[y : y + size[0], x : x + size[1]]


@lru_cache(maxsize=2)
def _noise_plane(height: int, width: int) -> Picture:
    """Normal noise about 128, from which each picture takes a part of its size."""
    draw = np.random.Generator(np.random.PCG64(_NOISE_SEED))
    shape = (height + _NOISE_MARGIN, width + _NOISE_MARGIN, 3)
    plane = np.rint(128 + _NOISE_DEVIATION * draw.standard_normal(shape, dtype=np.float32))
    return np.clip(plane, 0, 255).astype(np.uint8)
