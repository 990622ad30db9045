from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.skynet.tracking.crops import context_side, network_input, square


def test_the_context_of_a_square_is_twice_its_side():
    assert context_side(30.0, 30.0) == pytest.approx(60)
    assert context_side(10.0, 40.0) == pytest.approx(np.sqrt(35 * 65))


def test_a_square_of_its_own_size_is_a_cut():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert np.array_equal(square(image, (15, 10), 8, 8), image[6:14, 11:19])


def test_what_is_outside_has_the_mean_of_each_channel():
    image = np.zeros((10, 10, 3), np.uint8)
    image[:, :5] = (100, 40, 200)
    crop = square(image, (0, 5), 8, 8)
    assert crop[:, :3].reshape(-1, 3).tolist() == [[50, 20, 100]] * 24
    assert crop[4, 5].tolist() == [100, 40, 200]


def test_two_sides_are_made_square():
    image = np.zeros((40, 40, 3), np.uint8)
    image[10:30, 15:25] = 255
    crop = square(image, (20, 20), (10, 20), 10)
    assert (crop == 255).all()


def test_inputs_are_those_of_the_detector():
    values = network_input(np.array([[[[0, 255, 51]]]], np.uint8))
    assert values.shape == (1, 3, 1, 1)
    assert values.ravel() == pytest.approx([-2, 2, (0.2 - 0.5) / 0.25])
