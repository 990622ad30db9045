from __future__ import annotations

import numpy as np
import pytest

from dlscope.pipelines.resampling import KERNELS, weights


@pytest.mark.parametrize("method", KERNELS)
def test_a_pixel_looked_up_at_its_centre_is_itself(method: str) -> None:
    kernel, reach = KERNELS[method]
    assert np.allclose(weights(np.arange(5) + 0.5, 5, kernel, reach), np.eye(5))


@pytest.mark.parametrize("method", KERNELS)
def test_weights_sum_to_one_also_at_the_border(method: str) -> None:
    kernel, reach = KERNELS[method]
    positions = np.linspace(-2, 8, 41)
    assert np.allclose(weights(positions, 6, kernel, reach).sum(axis=1), 1.0)


def test_bilinear_weights_are_the_distances() -> None:
    kernel, reach = KERNELS["bilinear"]
    assert weights(np.array([1.75]), 4, kernel, reach).tolist() == [[0, 0.75, 0.25, 0]]


def test_bicubic_keeps_straight_lines() -> None:
    kernel, reach = KERNELS["bicubic"]
    positions = np.array([3.1, 4.77])
    assert np.allclose(weights(positions, 9, kernel, reach) @ (np.arange(9) + 0.5), positions)
