from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.adaptation.translating import (
    translated,
    with_low_frequencies,
    with_statistics,
)


def noise(seed: int, low: int, high: int, size=(32, 48)):
    return np.random.default_rng(seed).integers(low, high, (*size, 3), dtype=np.uint8)


SOURCE, TARGET = noise(0, 90, 160), noise(1, 40, 80)


def test_none_is_the_same_image():
    assert translated(SOURCE, TARGET, "none") is SOURCE


def test_statistics_in_lab_become_those_of_the_target():
    cv2 = pytest.importorskip("cv2")
    moved = with_statistics(SOURCE, TARGET)
    ours, theirs = (
        cv2.cvtColor(each.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for each in (moved, TARGET)
    )
    assert np.allclose(ours.mean(axis=(0, 1)), theirs.mean(axis=(0, 1)), atol=0.5)
    assert np.allclose(ours.std(axis=(0, 1)), theirs.std(axis=(0, 1)), rtol=0.1)


def test_an_image_of_one_color_becomes_the_mean_of_the_target():
    flat = np.full((8, 8, 3), 100, dtype=np.uint8)
    moved = with_statistics(flat, TARGET).reshape(-1, 3)
    assert np.ptp(moved, axis=0).tolist() == [0, 0, 0]
    assert np.allclose(moved[0], TARGET.mean(axis=(0, 1)), atol=6)


def test_the_lowest_frequency_alone_swaps_the_means():
    moved = with_low_frequencies(SOURCE, TARGET)
    assert np.allclose(moved.mean(axis=(0, 1)), TARGET.mean(axis=(0, 1)), atol=0.6)
    ours = moved.astype(float) - moved.mean(axis=(0, 1))
    assert np.allclose(ours, SOURCE - SOURCE.mean(axis=(0, 1)), atol=1.5)


def test_an_image_translated_to_itself_stays():
    assert np.abs(with_low_frequencies(SOURCE, SOURCE, 0.2).astype(int) - SOURCE).max() <= 1
    assert np.abs(with_statistics(SOURCE, SOURCE).astype(int) - SOURCE).max() <= 1


def test_a_wider_window_takes_more_of_the_target():
    ramp = np.linspace(0, 80, 48)[None, :, None].repeat(32, 0).repeat(3, 2).astype(np.uint8)
    narrow, wide = (with_low_frequencies(SOURCE, ramp, each) for each in (0.01, 0.2))
    spread = [np.ptp(each.mean(axis=(0, 2))) for each in (narrow, wide)]
    assert spread[1] > spread[0] + 20


@pytest.mark.parametrize("how", ["stats", "fda"])
def test_a_target_of_another_size_will_do(how):
    assert translated(SOURCE, noise(2, 0, 99, (20, 20)), how).shape == SOURCE.shape
