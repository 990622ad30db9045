"""Likeness of two pictures: peak signal-to-noise ratio and structural similarity.

Axes: H height, W width, C channels.
"""

from __future__ import annotations

import math

import numpy as np

from dlscope.metrics.reading import Array

WINDOW = 11
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


def psnr_db(truth_hwc: Array, got_hwc: Array, peak: float) -> float:
    """10 · log10(peak² / mean squared error) in dB, all channels; infinite for equal pictures."""
    error = float(np.square(truth_hwc - got_hwc).mean())
    return 10 * math.log10(peak**2 / error) if error else math.inf


def ssim(truth_hwc: Array, got_hwc: Array, peak: float) -> float:
    """Mean structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004), averaged over channels.

        SSIM = (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2))

    Local moments are weighted by an 11×11 Gaussian with σ = 1.5 that sums to 1, at every place
    where it lies wholly in the picture; C1 = (0.01 · peak)², C2 = (0.03 · peak)². 1 for equal
    pictures. Both sides must be at least 11.
    """
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    mu_x, mu_y = _blurred(truth_hwc), _blurred(got_hwc)
    var_x = _blurred(truth_hwc**2) - mu_x**2
    var_y = _blurred(got_hwc**2) - mu_y**2
    covariance = _blurred(truth_hwc * got_hwc) - mu_x * mu_y
    likeness = (2 * mu_x * mu_y + c1) * (2 * covariance + c2)
    return float((likeness / ((mu_x**2 + mu_y**2 + c1) * (var_x + var_y + c2))).mean())


def _blurred(picture_hwc: Array) -> Array:
    """The Gaussian mean around every place where the window fits, rows first, then columns."""
    return _along_rows(np.swapaxes(_along_rows(np.swapaxes(picture_hwc, 0, 1)), 0, 1))


def _along_rows(picture: Array) -> Array:
    places = picture.shape[0] - WINDOW + 1
    weights = np.exp(-0.5 * (np.arange(WINDOW) - WINDOW // 2) ** 2 / _SIGMA**2)
    weights /= weights.sum()
    parts = (w * picture[i : i + places] for i, w in enumerate(weights))
    return np.asarray(sum(parts))
