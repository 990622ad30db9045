from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.metrics.image_quality import psnr_db, ssim


def flat(value: float, size: int = 11) -> np.ndarray:
    return np.full((size, size, 1), value)


def noise(seed: int, shape=(13, 15, 1)) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, shape)


def test_psnr_of_known_errors() -> None:
    # An error of 1 everywhere on 8 bits: 20 log10 255 = 48.13 dB.
    assert psnr_db(flat(100), flat(101), 255) == pytest.approx(48.1308, abs=1e-4)
    assert psnr_db(flat(0), flat(255), 255) == 0.0
    assert psnr_db(flat(0), flat(0.1), 1.0) == pytest.approx(20.0)
    assert psnr_db(flat(3), flat(3), 255) == math.inf


@given(st.floats(0, 255), st.floats(0, 255))
def test_flat_pictures_are_as_like_as_their_luminance(a: float, b: float) -> None:
    c1 = (0.01 * 255) ** 2
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert ssim(flat(a), flat(b), 255) == pytest.approx(expected, abs=1e-6)


def slow_ssim(x: np.ndarray, y: np.ndarray, peak: float) -> float:
    """The definition of the paper, window by window, with deviations from the local mean."""
    offsets = np.arange(11) - 5
    weights = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    values = []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a = x[row : row + 11, column : column + 11, 0]
            b = y[row : row + 11, column : column + 11, 0]
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            var_a = (weights * (a - mean_a) ** 2).sum()
            var_b = (weights * (b - mean_b) ** 2).sum()
            both = (weights * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + c1)
                * (2 * both + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    return float(np.mean(values))


@pytest.mark.parametrize("strength", [1.0, 20.0, 200.0])
def test_agrees_with_the_definition(strength: float) -> None:
    x = noise(1)
    y = x + strength * (noise(2) / 255 - 0.5)
    assert ssim(x, y, 255) == pytest.approx(slow_ssim(x, y, 255), abs=1e-9)


def test_equal_pictures_are_1_and_order_does_not_matter() -> None:
    x, y = noise(3), noise(4)
    assert ssim(x, x, 255) == pytest.approx(1.0)
    assert ssim(x, y, 255) == pytest.approx(ssim(y, x, 255))


def test_a_negative_is_below_0() -> None:
    x = noise(5)
    assert ssim(x, 255 - x, 255) < 0


def test_structure_counts_more_than_brightness() -> None:
    x = noise(6)
    brighter = x + 10
    noisy = x + np.where(noise(7) > 127, 10, -10)
    assert psnr_db(x, brighter, 255) == pytest.approx(psnr_db(x, noisy, 255))
    assert ssim(x, brighter, 255) > ssim(x, noisy, 255)


def test_colours_are_averaged() -> None:
    x, y = noise(8, (12, 12, 3)), noise(9, (12, 12, 3))
    single = [ssim(x[:, :, c : c + 1], y[:, :, c : c + 1], 255) for c in range(3)]
    assert ssim(x, y, 255) == pytest.approx(np.mean(single))


def test_the_scale_of_the_numbers_does_not_count() -> None:
    x, y = noise(10), noise(11)
    assert ssim(x / 255, y / 255, 1.0) == pytest.approx(ssim(x, y, 255))
