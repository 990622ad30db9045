from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from square_images import squares

from dlscope.methods.skynet.detector_training.recipes import IOU, Colors, Phase
from dlscope.methods.skynet.detector_training.views import views_of
from dlscope.methods.skynet.prepared_images import PreparedImages

IMAGES = squares(12)
PLAIN = replace(IOU, flip=0.0, colors=Colors(0.0, 1.0, 1.0, 1.0))
SIZE = (48, 96)


def seen(phase, size=SIZE, recipe=PLAIN, seed=0):
    draw = np.random.default_rng(seed)
    return views_of(IMAGES, range(len(IMAGES)), recipe, phase, size, draw)


def bright_box(pixels_hwc):
    """Where the square is, by its brightness, as (x, y, width, height) of the view."""
    rows, columns = np.nonzero(pixels_hwc.min(axis=-1) > 140)
    height, width = pixels_hwc.shape[:2]
    low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    middle = [(low[0] + high[0]) / 2 / width, (low[1] + high[1]) / 2 / height]
    return np.array([*middle, (high[0] - low[0]) / width, (high[1] - low[1]) / height])


def test_an_unmoved_view_is_the_image():
    views = seen(Phase(1.0))
    assert (views.pixels_bhwc == IMAGES.pixels_nhwc).all()
    assert np.concatenate(views.boxes) == pytest.approx(np.concatenate(IMAGES.boxes), abs=1e-6)
    assert views.colors_b33 == pytest.approx(np.broadcast_to(np.eye(3), (12, 3, 3)), abs=2e-3)


@pytest.mark.parametrize(
    ("phase", "size"),
    [
        (Phase(1.0, jitter=0.2), (48, 96)),
        (Phase(1.0, jitter=0.2), (64, 112)),
        (Phase(1.0, window=0.5, jitter=0.2), (32, 48)),
    ],
)
@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_boxes_move_with_the_pixels(phase, size, flip):
    views = seen(phase, size, replace(PLAIN, flip=flip))
    for pixels, boxes in zip(views.pixels_bhwc, views.boxes, strict=True):
        off = np.abs(bright_box(pixels) - boxes[0]) * np.tile(size[::-1], 2)
        assert off.max() <= 3.0


def test_windows_stay_inside_the_image_and_keep_the_box_whole():
    views = seen(Phase(1.0, window=0.5), (32, 48))
    before = np.concatenate(IMAGES.boxes)[:, 2:] * [96, 48]
    assert np.concatenate(views.boxes)[:, 2:] * [48, 32] == pytest.approx(before, abs=1e-4)
    assert views.pixels_bhwc.min() >= 30


def test_a_view_that_would_lose_its_box_is_the_whole_image():
    corner = np.array([[0.02, 0.02, 0.01, 0.01]], np.float32)
    one = PreparedImages(IMAGES.pixels_nhwc[:1], (corner,), ("one",), "area")
    draw = np.random.default_rng(0)
    for _ in range(20):
        views = views_of(one, [0], PLAIN, Phase(1.0, jitter=0.49), SIZE, draw)
        assert len(views.boxes[0]) == 1


def test_an_image_without_a_box_is_seen_too():
    none = PreparedImages(IMAGES.pixels_nhwc[:1], (np.zeros((0, 4), np.float32),), ("x",), "area")
    for phase, size in ((Phase(1.0, jitter=0.2), SIZE), (Phase(1.0, window=0.5), (32, 48))):
        views = views_of(none, [0], IOU, phase, size, np.random.default_rng(0))
        assert views.boxes[0].shape == (0, 4)


def test_colors_keep_grey_grey_but_for_exposure_and_gain():
    recipe = replace(IOU, colors=Colors(hue=0.2, saturation=1.5, exposure=1.0, gain=1.0))
    grey = seen(Phase(1.0), recipe=recipe).colors_b33 @ np.full(3, 100.0)
    assert grey == pytest.approx(np.full((12, 3), 100.0), abs=0.5)


def test_the_same_generator_gives_the_same():
    first, second = (seen(Phase(1.0, jitter=0.2), recipe=IOU, seed=7) for _ in range(2))
    assert (first.pixels_bhwc == second.pixels_bhwc).all()
    assert (first.colors_b33 == second.colors_b33).all()
