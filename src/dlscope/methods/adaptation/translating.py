"""Source images in the colors of the target: what stands for a translation by a network.

`stats` gives each channel of CIE-Lab the mean and deviation that it has in an image of the target
(E. Reinhard et al., "Color Transfer between Images", 2001). `fda` takes the lowest frequencies of
the amplitude of the Fourier transform from it and keeps the phase (Y. Yang and S. Soatto, "FDA:
Fourier Domain Adaptation for Semantic Segmentation", CVPR 2020). Images are [H, W, 3], red first.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import cv2
import numpy as np

from dlscope.data.scene_files import Pixels

Translation: TypeAlias = Literal["none", "stats", "fda"]
TRANSLATIONS: tuple[Translation, ...] = ("none", "stats", "fda")
WINDOW = 0.01
_LEAST_DEVIATION = 1e-3


def translated(source: Pixels, target: Pixels, how: Translation) -> Pixels:
    """`source` in the colors of `target`; the same image for `none`."""
    if how == "stats":
        return with_statistics(source, target)
    return with_low_frequencies(source, target) if how == "fda" else source


def with_statistics(source: Pixels, target: Pixels) -> Pixels:
    """`source` with mean and deviation of each channel of `target`, in CIE-Lab."""
    ours, theirs = _lab(source), _lab(target)
    deviations = np.maximum(ours.std(axis=(0, 1)), _LEAST_DEVIATION)
    gains = theirs.std(axis=(0, 1)) / deviations
    moved = (ours - ours.mean(axis=(0, 1))) * gains + theirs.mean(axis=(0, 1))
    return _pixels(255 * cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_Lab2RGB))


def with_low_frequencies(source: Pixels, target: Pixels, window: float = WINDOW) -> Pixels:
    """`source` with the amplitudes of `target` up to `window` of the shorter side, either way.

    A window of less than one frequency swaps the mean alone. `target` is resized to fit.
    """
    height, width = source.shape[:2]
    fitted = cv2.resize(target, (width, height), interpolation=cv2.INTER_AREA)
    ours, theirs = _spectrum(source), _spectrum(fitted)
    reach = int(window * min(height, width))
    middle = height // 2, width // 2
    low = tuple(slice(max(at - reach, 0), at + reach + 1) for at in middle)
    amplitude = np.abs(ours)
    amplitude[low] = np.abs(theirs)[low]
    mixed = np.fft.ifftshift(amplitude * np.exp(1j * np.angle(ours)), axes=(0, 1))
    return _pixels(np.fft.ifft2(mixed, axes=(0, 1)).real)


def _lab(pixels: Pixels) -> np.ndarray:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2Lab))


def _spectrum(pixels: Pixels) -> np.ndarray:
    """The transform of each channel, the lowest frequency in the middle."""
    return np.fft.fftshift(np.fft.fft2(pixels.astype(np.float64), axes=(0, 1)), axes=(0, 1))


def _pixels(values: np.ndarray) -> Pixels:
    return np.asarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
