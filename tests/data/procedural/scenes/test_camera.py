from __future__ import annotations

import numpy as np
import pytest

from dlscope.data.procedural.scenes.camera import NEAREST_M, Camera

CAMERA = Camera(size=(100, 200), focal=124.0, center_x=100.0, horizon_y=44.0, height_m=1.5)


def test_far_ground_is_at_the_horizon():
    assert CAMERA.project([(0, 0, 1e9)])[0] == pytest.approx([100.0, 44.0], abs=1e-3)


def test_twice_as_far_is_half_as_large():
    near, far = (CAMERA.project([(1, 0, z), (2, 1, z)]) for z in (10, 20))
    assert np.ptp(near, axis=0) == pytest.approx(2 * np.ptp(far, axis=0))


def test_what_is_behind_the_camera_is_moved_before_it():
    assert CAMERA.project([(1, 0, -3)])[0] == pytest.approx(CAMERA.project([(1, 0, NEAREST_M)])[0])


def test_cameras_are_drawn_within_their_limits():
    draw = np.random.default_rng(0)
    for _ in range(50):
        camera = Camera.drawn((100, 200), draw)
        assert 40 <= camera.horizon_y <= 48
        assert 1.15 <= camera.height_m <= 1.55
        assert 88 <= camera.center_x <= 112
